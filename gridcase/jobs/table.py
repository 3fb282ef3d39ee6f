"""The timed jobs: name, interval, what each does, and the thin function that does it.

``docs/operations.md`` shows this table; a test keeps them equal. Whose a slot is, ``gridcase.services.ledger`` knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gridcase.edge.letters import digest_letter
from gridcase.edge.texts import Language
from gridcase.services.anomalies import clean_evidence, find_anomalies
from gridcase.services.cleaning import clean_uploads
from gridcase.services.closing_month import ask_drafts, remind
from gridcase.services.ledger import forget
from gridcase.services.mailing import forget_mails, is_mail_due, make_digests, send_digests
from gridcase.services.recurring import find_recurrences
from gridcase.services.running_month import has_work, work_off
from gridcase.services.runtime import Runtime
from gridcase.services.sealing import seal_history
from gridcase.services.telling_news import forget_told, is_anything_new, tell_news
from gridcase.services.watching_cases import tick

#: Called between pieces of work: keeps the lease, or ends the run by raising.
Alive = Callable[[], None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One timed job.

    Parameters
    ----------
    every
        Interval; slots begin at its multiples since 1970, so that every scheduler names the same ones.
    zh, en
        What it does, for people.
    work
        Does it and returns how much was done; safe to run twice, at once or after being killed anywhere.
    is_due
        Asked before a slot is begun, so that a job that looks often leaves no line in the ledger each time.
    """

    name: str
    every: timedelta
    zh: str
    en: str
    work: Callable[[Runtime, Alive], int]
    is_due: Callable[[Runtime], bool] = lambda _rt: True

    def slot(self, now: datetime) -> datetime:
        """Return the beginning of the slot an instant lies in.

        Examples
        --------
        >>> JOBS["recurrence"].slot(datetime(2026, 10, 12, 1, 0, 59, tzinfo=UTC)).isoformat()
        '2026-10-12T01:00:00+00:00'
        """
        return _EPOCH + (now - _EPOCH) // self.every * self.every


def _watch(rt: Runtime, alive: Alive) -> int:
    """Look at everything due, batch by batch; what a case refused is looked at again by a later run."""
    steps, done = 0, tick(rt, alive=alive)
    while done.looked_at:
        steps += done.steps + done.notices
        done = tick(rt, alive=alive)
    return steps


def _clean_ledger(rt: Runtime, alive: Alive) -> int:
    alive()
    return forget(rt) + forget_told(rt) + forget_mails(rt)


def _mail(rt: Runtime, alive: Alive) -> int:
    """Make what is due, then send what waits; the words are those of the office's language."""
    reference, language = rt.reference(), Language(rt.settings.language)
    make_digests(rt, alive=alive)
    return send_digests(rt, lambda digest: digest_letter(digest, reference, language), alive=alive)


def _keep_timetable(rt: Runtime, alive: Alive) -> int:
    alive()
    return ask_drafts(rt) + remind(rt)


_ALL = (
    Job(
        name="watch",
        every=timedelta(seconds=20),
        zh="到点的案件：自动签收、任务改派与撤回、申请升级、挂账到期恢复、预警与超时提醒",
        en="cases whose time has come: automatic acceptance, tasks and requests past their limit, suspensions to end, "
        "warnings and breaches",
        work=_watch,
    ),
    Job(
        name="telling",
        every=timedelta(seconds=5),
        zh="把新的流程记录、申诉与月度步骤写入相关人员的消息",
        en="puts what is new of cases, appeals and the month into the inboxes of those it concerns",
        work=lambda rt, alive: tell_news(rt, alive=alive),
        is_due=is_anything_new,
    ),
    Job(
        name="recurrence",
        every=timedelta(minutes=1),
        zh="反复发案与漏报：新案件与同类案件比对并认定",
        en="compares new cases with those alike: repeats of closed ones, and what a superior found first",
        work=lambda rt, alive: find_recurrences(rt, alive=alive),
    ),
    Job(
        name="seal_history",
        every=timedelta(minutes=10),
        zh="为新的流程记录生成默克尔根，逐根相连",
        en="puts new lines of history under a Merkle root that covers the one before",
        work=lambda rt, alive: seal_history(rt, alive=alive),
    ),
    Job(
        name="assessment",
        every=timedelta(seconds=2),
        zh="排队的考评运行、试算与报送包",
        en="assessment runs, what-ifs and packages that wait; a slot is begun only when one does",
        work=lambda rt, alive: work_off(rt, alive=alive),
        is_due=has_work,
    ),
    Job(
        name="timetable",
        every=timedelta(minutes=10),
        zh="月度考评时间表：到时生成初稿与截止后考评，每日更新当月得分，提醒各步骤",
        en="the month's timetable: drafts at their time and after the cut-off, the open month's score daily, reminders",
        work=_keep_timetable,
    ),
    Job(
        name="mail_digest",
        every=timedelta(seconds=30),
        zh="工作日在各人选定的整点生成未读消息的邮件摘要并投递，失败后按间隔重试",
        en="on working days makes digests of what is unread at each person's hours, and hands them to the mail server",
        work=_mail,
        is_due=is_mail_due,
    ),
    Job(
        name="clean_uploads",
        every=timedelta(hours=1),
        zh="删除 7 天内未被使用的上传文件",
        en="removes uploads that nothing used within 7 days",
        work=lambda rt, alive: clean_uploads(rt, alive=alive),
    ),
    Job(
        name="anomalies",
        every=timedelta(minutes=1),
        zh="手机取证的待复核异常：照片重复、位移过快、核查密集、时钟偏差",
        en="what the evidence of phones shows for a person to look at: photos used twice, fast moves, bursts, clocks",
        work=lambda rt, alive: find_anomalies(rt, alive=alive),
    ),
    Job(
        name="clean_evidence",
        every=timedelta(days=1),
        zh="清除结案满规定月数的取证位置与设备信息",
        en="erases positions and devices in the evidence of cases that ended some whole months ago",
        work=lambda rt, alive: clean_evidence(rt, alive=alive),
    ),
    Job(
        name="clean_ledger",
        every=timedelta(days=1),
        zh="删除 30 天前的作业运行记录与 180 天前的消息与邮件",
        en="removes runs that ended more than 30 days ago from the ledger, notices and e-mails older than 180 days",
        work=_clean_ledger,
    ),
)

JOBS = {job.name: job for job in _ALL}
