/** Case 9 with the page: opening, scrolling and jumping in the packaged extension, in a real VS Code in a browser. */
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import * as v from 'valibot';
import type { StorePaths } from '../src/storage/paths';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import { BenchWindow } from './benchWindow';
import type { Figure } from './figures';
import { compare, percentile, short, spreadOf, valueOf } from './figures';
import { writeSession } from './sampleData';

const LENGTHS = [100_000, 1_000_000];
const OPENINGS = 5;
const FRAMES = 600;
const FRAME_PX = 400;
const STOPS = 250;
const JUMPS = 50;

/**
 * Tells whether a visible row is not loaded, or rows do not fill the list. Looks once a frame is painted: rows that
 * come into it are measured after its callbacks.
 */
const LOOK = `
  const list = document.querySelector('[role=feed]');
  const nextFrame = () => new Promise((resolve) => requestAnimationFrame((now) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(now);
    port2.postMessage(undefined);
  }));
  const lookNow = () => {
    const { top, bottom } = list.getBoundingClientRect();
    const seen = [...list.querySelectorAll('[data-index], .earlier')].map((row) => ({ row, box: row.getBoundingClientRect() })).filter(({ box }) => box.bottom > top && box.top < bottom);
    const isUnfilled = Math.min(...seen.map(({ box }) => box.top)) > top + 1
      || Math.max(...seen.map(({ box }) => box.bottom)) < bottom - 1 && list.scrollTop + list.clientHeight < list.scrollHeight - 1;
    return { isUnfilled, isUnloaded: seen.some(({ row }) => row.dataset.testid === 'event-loading') };
  };
  const isBlank = () => Object.values(lookNow()).some(Boolean);
`;
/** Scrolls up frame by frame. */
const SCROLL = `(async () => {
  ${LOOK}
  const frameMs = [];
  const [unfilled, unloaded] = [[], []];
  let last = await nextFrame();
  for (let frame = 0; frame < ${FRAMES}; frame++) {
    list.scrollTop -= ${FRAME_PX};
    const now = await nextFrame();
    frameMs.push(now - last);
    last = now;
    const { isUnfilled, isUnloaded } = lookNow();
    if (isUnloaded) unloaded.push(frame);
    else if (isUnfilled) unfilled.push(frame);
  }
  return { frameMs, unfilled, unloaded };
})()`;
/** Drags the list's scroll bar through the whole list, and measures how long each place takes to load. */
const DRAG = `(async () => {
  ${LOOK}
  const placeMs = [];
  for (let stop = ${STOPS}; stop >= 0; stop--) {
    const start = performance.now();
    list.scrollTop = (list.scrollHeight - list.clientHeight) * stop / ${STOPS};
    do await nextFrame(); while (isBlank());
    placeMs.push(performance.now() - start);
  }
  return placeMs;
})()`;
/** Moves the scrubber to times throughout the run. */
const JUMP = `(async () => {
  ${LOOK.replace('const list', 'let list')}
  const scrubber = document.querySelector('.scrubber');
  const placeMs = [];
  for (let jump = 1; jump <= ${JUMPS}; jump++) {
    const start = performance.now();
    const before = document.querySelector('[data-testid=position]').textContent;
    scrubber.value = String(Math.round(Number(scrubber.max) * ((jump * 7919) % 10_000) / 10_000));
    scrubber.dispatchEvent(new Event('input', { bubbles: true }));
    do {
      await nextFrame();
      list = document.querySelector('[role=feed]');
    } while (isBlank() || document.querySelector('[data-testid=position]').textContent === before);
    placeMs.push(performance.now() - start);
  }
  return placeMs;
})()`;

const scrolledSchema = v.object({
  frameMs: v.array(v.number()),
  /** The frames in which a place had no row yet. */
  unfilled: v.array(v.number()),
  /** The frames in which a row was not loaded yet. */
  unloaded: v.array(v.number()),
});

async function timesOf(frame: Frame, script: string): Promise<number[]> {
  return v.parse(v.array(v.number()), await frame.evaluate(script));
}

/** Writes the indexes of sessions. */
export async function indexSessions(
  paths: StorePaths,
  sessions: readonly { sessionId: string; runId: string }[],
): Promise<void> {
  const supervisor = new Supervisor({
    storageDirectory: paths.root,
    bundles: join(projectRoot, 'dist'),
    autoRecover: false,
  });
  await supervisor.whenRecovered();
  for (const { sessionId, runId } of sessions)
    await (await supervisor.timeline(sessionId)).query('runEvents', { runId, fromSeq: 1, limit: 1 });
  await supervisor.close();
}

async function fill(paths: StorePaths): Promise<string[]> {
  const sessions: { sessionId: string; runId: string }[] = [];
  for (const length of LENGTHS) sessions.push(await writeSession(paths, length));
  await indexSessions(paths, sessions);
  return sessions.map(({ sessionId }) => sessionId);
}

function whichFrames({ unfilled, unloaded }: v.InferOutput<typeof scrolledSchema>): string {
  const all = [...unfilled, ...unloaded];
  if (all.length === 0) return '';
  return `; a place had no row in ${unfilled.length}, a row was not loaded in ${unloaded.length}, between the frames ${Math.min(...all)} and ${Math.max(...all)}`;
}

async function measure(opened: BenchWindow, title: string, length: number): Promise<Figure[]> {
  const name = length.toLocaleString('en');
  const suffix = length === LENGTHS[0] ? '' : 'm';
  const emptyMb = await opened.heapMb();
  const cold = await opened.openTimeline(title);
  const scrolled = v.parse(scrolledSchema, await cold.frame.evaluate(SCROLL));
  const scrolledMb = await opened.heapMb();
  const placeMs = await timesOf(cold.frame, DRAG);
  const draggedMb = await opened.heapMb();
  const jumpMs = await timesOf(cold.frame, JUMP);
  const pageMs: number[] = [];
  const found = await compare(
    OPENINGS,
    async () => {
      const warm = await opened.openTimeline(title);
      pageMs.push(warm.pageMs);
      return warm.openMs;
    },
    async () => (await opened.openBare('Empty page')).openMs,
  );
  const { ratio, ours, peer } = found;
  const [page, frames, jumps] = [spreadOf(pageMs), spreadOf(scrolled.frameMs), spreadOf(jumpMs)];
  return [
    {
      name: `9p${suffix}`,
      feel: `from the click to the first of ${name} events`,
      ...valueOf(ratio),
      unit: '×',
      detail: `of an empty page in a bare extension, which takes ${short(peer.median)} ms; ours ${short(ours.median)} ms [${short(ours.min)}–${short(ours.max)}], of that from the page's start ${short(page.median)} ms; the first time ${short(cold.openMs)} ms`,
      target: { atMost: 1.5 },
    },
    {
      name: `9s${suffix}`,
      feel: `frames that show a row not loaded, of ${FRAMES} while scrolling fast through ${name} events`,
      ...valueOf(scrolled.unfilled.length + scrolled.unloaded.length),
      unit: 'frames',
      detail: `a frame takes ${short(frames.median)} ms, p95 ${short(percentile(scrolled.frameMs, 0.95))} ms, the longest ${short(frames.max)} ms; ${FRAME_PX} px each${whichFrames(scrolled)}`,
      target: { atMost: 0 },
    },
    {
      name: `9j${suffix}`,
      feel: `a jump to any moment of ${name} events, until its rows are there`,
      ...valueOf(jumps),
      unit: 'ms',
      detail: `p95 ${short(percentile(jumpMs, 0.95))} ms by the scrubber; by the scroll bar p50 ${short(percentile(placeMs, 0.5))} ms, p95 ${short(percentile(placeMs, 0.95))} ms`,
    },
    {
      name: `9m${suffix}`,
      feel: `memory of the page after scrolling all of ${name} events`,
      ...valueOf(draggedMb - emptyMb),
      unit: 'MB',
      detail: `its scripts' heap, beyond the window without it (${short(emptyMb)} MB); ${short(scrolledMb - emptyMb)} MB after ${FRAMES} frames of scrolling`,
    },
  ];
}

export async function pageFigures(): Promise<Figure[]> {
  const titles: string[] = [];
  return await BenchWindow.use(
    async (paths) => {
      titles.push(...(await fill(paths)));
    },
    async (opened) => {
      const figures: Figure[] = [];
      for (const [index, length] of LENGTHS.entries())
        figures.push(...(await measure(opened, titles[index] ?? '', length)));
      return figures;
    },
  );
}
