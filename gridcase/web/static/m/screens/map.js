// 责任网格: the cells of my area, what is asked of me, what I filed, and where I am; drawn from the copies.

import { CellMap } from '../cell_map.js';
import { h, icon } from '../dom.js';
import { PER_DEGREE, toE7 } from '../locate.js';
import { lastPosition, onPosition, warmUp } from '../position.js';
import * as store from '../store.js';
import * as sync from '../sync.js';
import { named, t } from '../words.js';
import { away, head, placeLine, pointOf } from './shared.js';
import { middleOf, zoomButtons } from './file.js';

export async function show(main, { account }) {
  warmUp();
  const grid = await sync.heldGrid();
  if (!grid || !grid.cells.length) {
    main.replaceChildren(head(t('map.title')), h('p.empty', {}, t('map.none')));
    return () => {};
  }
  const canvas = h('canvas.map', { tabindex: 0, role: 'application', 'aria-label': t('map.help') });
  const told = h('div.told', { role: 'status' });
  const screen = {};
  const fix = lastPosition();
  main.replaceChildren(
    head(t('map.title'), { aside: h('button.button.small', {
      type: 'button', 'data-key': 'here', onclick: () => lastPosition() && screen.map.goTo(lastPosition()),
    }, icon('here'), h('span', {}, t('map.here'))) }),
    h('div.mapbox.tall', {}, canvas, zoomButtons(screen)),
    h('ul.legend', {}, ['task', 'case', 'near'].map((kind) => h('li', {}, h(`span.mark.mark-${kind}`, {}), t(`map.${kind}`)))),
    told);
  screen.map = new CellMap(canvas, {
    grid, centre: fix || middleOf(grid), scale: fix ? 0.6 : fitting(grid, main), me: fix, marks: await marks(account),
    onPick: (mark) => told.replaceChildren(h('a.card', { href: mark.href }, h('b', {}, mark.label), h('span.soft', {}, away(mark.location, lastPosition())))),
  });
  told.replaceChildren(placeLine(grid, fix));
  const stop = onPosition(() => {
    screen.map.set({ me: lastPosition() });
    if (!told.querySelector('a')) told.replaceChildren(placeLine(grid, lastPosition()));
  });
  return () => {
    stop();
    screen.map.close();
  };
}

/** A scale at which the whole area is seen. */
function fitting(grid, main) {
  const metres = ((grid.bounds[2] - grid.bounds[0]) / PER_DEGREE) * 95000;
  return Math.max(0.05, main.clientWidth / Math.max(metres, 1));
}

async function marks(account) {
  const [tasks, cases, places] = await Promise.all(['task', 'case', 'campaign'].map((kind) => store.heldOf(account.id, kind)));
  const mark = (kind, label, location, href) => (location
    ? [{ kind, label, location, href, x: toE7(location.lon), y: toE7(location.lat) }] : []);
  return [
    ...places.flatMap((one) => mark('near', one.name, pointOf(one), `#/place/${encodeURIComponent(`${one.campaign}:${one.number}`)}`)),
    ...cases.flatMap((one) => mark('case', named(one.type), one.location, `#/case/${encodeURIComponent(one.number)}`)),
    ...tasks.flatMap((one) => mark('task', `${t(`task.${one.kind}`)} ${named(one.case_view?.type)}`, one.case_view?.location, `#/task/${encodeURIComponent(`${one.case}:${one.number}`)}`)),
  ];
}
