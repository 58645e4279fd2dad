/**
 * Cases 7 and 19: from an extension's activation to its painted list, in a real VS Code. The peer is an extension that
 * has nothing but a tree of as many plain rows.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import * as v from 'valibot';
import { openStore } from '../src/storage/store/store';
import { installedExtensions } from '../test/support/project';
import { TestRepository } from '../test/support/repository';
import { VscodeServer } from '../test/support/vscode/vscodeServer';
import { openBrowser, Window } from '../test/support/vscode/window';
import { waitFor } from '../test/support/wait';
import type { Figure, Spread } from './figures';
import { short, spreadOf } from './figures';
import { catalogMb, fillStore } from './sampleStore';

const ROUNDS = 5;
const EVENTS_PER_SESSION = 1_000;
/** Case, sessions. */
const CASES = [
  ['7', 1_000],
  ['19', 10_000],
] as const;

interface Shown {
  extension: string;
  container: string;
  view: string;
}
const CORRAL: Shown = { extension: 'corral-dev.corral', container: 'Corral', view: 'Sessions' };
const BARE: Shown = { extension: 'bench.bare', container: 'Bare', view: 'Rows' };

const FIRST_MARK = 'bench.first';
const WHOLE_MARK = 'bench.whole';
/** Notes when the view has painted its first row, and when all of them are there. */
const noteRows = (view: string, count: number): string => `
  if (window === window.top) new MutationObserver((changes, observer) => {
    const row = document.querySelector('[role=tree][aria-label*="${view}"] [role=treeitem]');
    if (row === null) return;
    const note = (mark) => {
      if (performance.getEntriesByName(mark).length === 0)
        requestAnimationFrame(() => setTimeout(() => performance.mark(mark)));
    };
    note('${FIRST_MARK}');
    if (Number(row.getAttribute('aria-setsize')) < ${count}) return;
    note('${WHOLE_MARK}');
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-setsize'] });
`;
const TIMES = `({
  firstMs: performance.timeOrigin + performance.getEntriesByName('${FIRST_MARK}')[0]?.startTime,
  wholeMs: performance.timeOrigin + performance.getEntriesByName('${WHOLE_MARK}')[0]?.startTime,
})`;
const timesSchema = v.object({ firstMs: v.number(), wholeMs: v.number() });
type Times = v.InferOutput<typeof timesSchema>;

/** A folder of extensions with one that shows plain rows. */
async function writeBareExtension(folder: string, rowCount: number): Promise<string> {
  const extensions = join(folder, `bare-${rowCount}`);
  const extension = join(extensions, 'bare');
  await mkdir(extension, { recursive: true });
  const manifest = {
    name: 'bare',
    publisher: 'bench',
    version: '1.0.0',
    engines: { vscode: '^1.90.0' },
    main: './main.js',
    activationEvents: ['onStartupFinished'],
    contributes: {
      viewsContainers: { activitybar: [{ id: 'bare', title: BARE.container, icon: 'icon.svg' }] },
      views: { bare: [{ id: 'bare.rows', name: BARE.view }] },
    },
  };
  await writeFile(join(extension, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(extension, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"/>');
  await writeFile(
    join(extension, 'main.js'),
    `const vscode = require('vscode');
     const rows = Array.from({ length: ${rowCount} }, (_, number) => number);
     exports.activate = () => void vscode.window.createTreeView('bare.rows', { treeDataProvider: {
       getChildren: (parent) => (parent === undefined ? rows : []),
       getTreeItem: (row) => new vscode.TreeItem('Row ' + row),
     } });`,
  );
  const listed = {
    identifier: { id: BARE.extension },
    version: manifest.version,
    location: { $mid: 1, path: extension, scheme: 'file' },
    relativeLocation: 'bare',
  };
  await writeFile(join(extensions, 'extensions.json'), JSON.stringify([listed]));
  return extensions;
}

/** A window that shows one extension's list, and shows it again after each reload. */
class ListWindow {
  readonly #server: VscodeServer;
  readonly #window: Window;
  readonly #shown: Shown;

  private constructor(server: VscodeServer, window: Window, shown: Shown) {
    this.#server = server;
    this.#window = window;
    this.#shown = shown;
  }

  static async open(
    browser: Browser,
    server: VscodeServer,
    folder: string,
    shown: Shown,
    count: number,
  ): Promise<ListWindow> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addInitScript(noteRows(shown.view, count));
    const window = await Window.open(context, server, folder);
    await window.showContainer(shown.container);
    await window.treeItems(shown.view).first().waitFor();
    return new ListWindow(server, window, shown);
  }

  /** Milliseconds from the extension's activation to its first row, and to all of them. */
  async reload(): Promise<Times> {
    const reloadedMs = Date.now();
    await this.#window.reload();
    const { firstMs, wholeMs } = await waitFor(
      async () => {
        const times = v.safeParse(timesSchema, await this.#window.page.evaluate(TIMES));
        return times.success && !Number.isNaN(times.output.wholeMs) ? times.output : undefined;
      },
      { what: 'all rows of the list' },
    );
    const activatedMs = await waitFor(async () => (await this.#activations()).find((timeMs) => timeMs >= reloadedMs), {
      what: 'the activation in the log of the extension host',
    });
    return { firstMs: firstMs - activatedMs, wholeMs: wholeMs - activatedMs };
  }

  /** When VS Code began to activate the extension, each time. */
  async #activations(): Promise<number[]> {
    const root = join(this.#server.dataDirectory, 'data/logs');
    const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('exthost.log'));
    const logs = await Promise.all(names.map(async (name) => await readFile(join(root, name), 'utf8')));
    const activation = new RegExp(
      `^(\\S+ \\S+) \\[info\\] ExtensionService#_doActivateExtension ${this.#shown.extension.replace('.', '\\.')},`,
      'gm',
    );
    return logs.flatMap((log) => [...log.matchAll(activation)].map(([, time = '']) => new Date(time).getTime()));
  }
}

interface Found {
  ours: Times[];
  bare: Times[];
  catalogMb: number;
}

async function measure(browser: Browser, folder: string, sessionCount: number): Promise<Found> {
  const repository = await TestRepository.create();
  const servers: VscodeServer[] = [];
  try {
    const start = async (extensionsDirectory: string): Promise<VscodeServer> => {
      const server = await VscodeServer.start({ extensionsDirectory, reconnectionGraceSeconds: 1 });
      servers.push(server);
      return server;
    };
    const server = await start(installedExtensions);
    const { paths } = await openStore(server.globalStorage);
    await fillStore(paths, sessionCount, EVENTS_PER_SESSION);
    const bareServer = await start(await writeBareExtension(folder, sessionCount));
    const ours = await ListWindow.open(browser, server, repository.path, CORRAL, sessionCount);
    const bare = await ListWindow.open(browser, bareServer, repository.path, BARE, sessionCount);
    const found: Found = { ours: [], bare: [], catalogMb: await catalogMb(paths) };
    for (let round = 0; round < ROUNDS; round++) {
      found.ours.push(await ours.reload());
      found.bare.push(await bare.reload());
    }
    return found;
  } finally {
    for (const server of servers) await server.stop();
    await repository.remove();
  }
}

const ratioOf = (ours: readonly Times[], peer: readonly Times[]): Spread =>
  spreadOf(ours.map(({ firstMs }, round) => firstMs / (peer[round]?.firstMs ?? NaN)));
const medianOf = (times: readonly Times[], kind: keyof Times): string =>
  `${short(spreadOf(times.map((each) => each[kind])).median)} ms`;

function figureOf(name: string, feel: string, ratio: Spread, detail: string, atMost: number): Figure {
  return { name, feel, value: ratio.median, min: ratio.min, max: ratio.max, unit: '×', detail, target: { atMost } };
}

export async function startPageFigures(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'corral-bare-'));
  const browser = await openBrowser();
  try {
    const figures: Figure[] = [];
    let few: Found | undefined;
    for (const [name, count] of CASES) {
      const found = await measure(browser, folder, count);
      const { ours, bare } = found;
      const sessions = `${count.toLocaleString('en')} sessions and ${(count * EVENTS_PER_SESSION).toLocaleString('en')} events`;
      figures.push(
        figureOf(
          name,
          `from the activation to the painted list of ${sessions}, beside a bare extension’s tree of as many rows`,
          ratioOf(ours, bare),
          `${medianOf(ours, 'firstMs')}, the bare tree ${medianOf(bare, 'firstMs')}; with all rows ${medianOf(ours, 'wholeMs')} and ${medianOf(bare, 'wholeMs')}; the index is ${short(found.catalogMb)} MB`,
          2,
        ),
      );
      if (few !== undefined)
        figures.push(
          figureOf(
            `${name}g`,
            'the same beside a tenth of the sessions',
            ratioOf(ours, few.ours),
            `${medianOf(ours, 'firstMs')}, with a tenth ${medianOf(few.ours, 'firstMs')}`,
            1.5,
          ),
        );
      few = found;
    }
    return figures;
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}
