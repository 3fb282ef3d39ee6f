// Signing in: once for each phone. What waits in the outbox is not lost meanwhile, and can be taken out.

import { h } from '../dom.js';
import * as outbox from '../outbox.js';
import { Status } from '../rules.js';
import * as session from '../session.js';
import * as store from '../store.js';
import { language, speak, t } from '../words.js';
import { head } from './shared.js';
import { takeOut } from './outbox.js';

export async function show(main, { reload }) {
  const [account, problem, items] = [await store.getMeta('account'), await session.sessionProblem(), await store.allItems()];
  const waits = items.filter((item) => item.status !== Status.DONE).length;
  const error = h('p.note.alarm', { role: 'alert', hidden: true });
  const username = h('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none', required: true, value: account?.username || '' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const button = h('button.button.primary.big', { type: 'submit' }, t('sign_in.go'));
  const other = language() === 'zh' ? 'en' : 'zh';
  const form = h('form.sign-in', {
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      error.hidden = true;
      try {
        await session.signIn(username.value.trim(), password.value);
        outbox.wake({ isUrgent: true });
        await reload();
      } catch (failure) {
        if (!failure.reason) throw failure;
        error.textContent = failure.reason.code === 'offline' ? t('sign_in.offline') : failure.reason.detail;
        error.hidden = false;
        button.disabled = false;
      }
    },
  },
  h('label.field', {}, h('span', {}, t('sign_in.username')), username),
  h('label.field', {}, h('span', {}, t('sign_in.password')), password),
  error, button);
  main.replaceChildren(
    head(t('sign_in.title'), { aside: h('button.button.small', {
      type: 'button', onclick: async () => { await store.setMeta('language', other); speak(other); reload(); },
    }, other === 'en' ? 'English' : '中文') }),
    h('div.body', {},
      h('p.brand', {}, h('img', { src: '/static/m/icon-192.png', alt: '', width: 72, height: 72 }), h('b', {}, t('app.name'))),
      problem ? h('p.note.warn', {}, problemText(problem)) : null,
      waits ? h('p.note', {}, t('sign_in.waiting', { n: waits })) : null,
      form,
      h('p.soft', {}, t('sign_in.once')),
      waits ? h('button.button.wide', { type: 'button', onclick: takeOut }, t('rescue.export')) : null));
  (username.value ? password : username).focus();
  return () => {};
}

/** Why the sign-in ended, and what to do. */
export function problemText(problem) {
  const known = ['session_revoked', 'account_closed', 'other_account'];
  return known.includes(problem.code) ? t(`session.${problem.code}`) : t('session.ended');
}
