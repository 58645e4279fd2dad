/**
 * Cases 7 and 19: from an extension's activation to its painted list, in a real VS Code, with what the activation takes
 * (15a). The peer is an extension that has nothing but a tree of as many plain rows.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
import { listExtension } from './bare/installBare';
import type { Figure, Spread } from './figures';
import { short, spreadOf, valueOf } from './figures';
import { catalogMb, fillStore } from './sampleStore';

const ROUNDS = 5;
const EVENTS_PER_SESSION = 1_000;
/** Case, sessions. */
const CASES = [
  ['7', 1_000],
  ['19', 10_000],
] as const;

interface Shown {
  container: string;
  view: string;
}
const CORRAL: Shown = { container: 'Corral', view: 'Sessions' };
const BARE: Shown = { container: 'Bare', view: 'Rows' };

const PAINTED_MARK = 'bench.painted';
/** Notes when the view has painted its first row. */
const notePainted = (view: string): string => `
  if (window === window.top) new MutationObserver((changes, observer) => {
    if (document.querySelector('[role=tree][aria-label*="${view}"] [role=treeitem]') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => performance.mark('${PAINTED_MARK}')));
  }).observe(document, { childList: true, subtree: true });
`;
const PAINTED_MS = `performance.timeOrigin + performance.getEntriesByName('${PAINTED_MARK}')[0]?.startTime`;

/** A folder of extensions with one of which it is noted when it is activated. */
interface Installed {
  extensions: string;
  /** Each line is the time of an activation and its milliseconds: all, until the code was loaded, processor time. */
  activations: string;
}

/** Lets the extension note when its code begins to load, and how long that and its activation take. */
async function noteActivations(extensions: string, extension: string): Promise<Installed> {
  const path = join(extension, 'package.json');
  const manifest = v.parse(v.looseObject({ main: v.string() }), JSON.parse(await readFile(path, 'utf8')));
  await writeFile(path, JSON.stringify({ ...manifest, main: './noted.js' }));
  const activations = join(extension, 'activations');
  await writeFile(
    join(extension, 'noted.js'),
    `const start = Date.now();
     const before = process.threadCpuUsage();
     const extension = require(${JSON.stringify(manifest.main)});
     const loadMs = Date.now() - start;
     exports.activate = async (context) => {
       try {
         return await extension.activate(context);
       } finally {
         const { user, system } = process.threadCpuUsage(before);
         const noted = [start, Date.now() - start, loadMs, (user + system) / 1000].join(' ');
         require('node:fs').appendFileSync(${JSON.stringify(activations)}, noted + '\\n');
       }
     };
     exports.deactivate = () => extension.deactivate?.();`,
  );
  return { extensions, activations };
}

async function copyCorral(folder: string, rowCount: number): Promise<Installed> {
  const extensions = join(folder, `corral-${rowCount}`);
  await cp(installedExtensions, extensions, { recursive: true });
  const name = (await readdir(extensions)).find((each) => each.startsWith('corral-dev.corral-'));
  if (name === undefined) throw new Error('Corral is not installed.');
  // The list has the path that the extension had before.
  const list = join(extensions, 'extensions.json');
  const listed = (await readFile(list, 'utf8')).replaceAll(installedExtensions, extensions);
  await writeFile(list, listed);
  return await noteActivations(extensions, join(extensions, name));
}

/** An extension that shows plain rows. */
async function writeBareExtension(folder: string, rowCount: number): Promise<Installed> {
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
  await listExtension(extensions, manifest.name);
  return await noteActivations(extensions, extension);
}

/** Milliseconds of a start, from the moment in which the extension's code begins to load. */
interface Start {
  /** Until its first row. */
  listMs: number;
  activation: Activation;
}

interface Activation {
  ms: number;
  /** Of that, until the code was loaded. */
  loadMs: number;
  /** Of the extension host's thread. */
  cpuMs: number;
}

/** A window that shows one extension's list, and shows it again after each reload. */
class ListWindow {
  readonly #window: Window;
  readonly #activations: string;

  private constructor(window: Window, activations: string) {
    this.#window = window;
    this.#activations = activations;
  }

  static async open(
    browser: Browser,
    url: { server: VscodeServer; folder: string },
    { activations }: Installed,
    shown: Shown,
  ): Promise<ListWindow> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addInitScript(notePainted(shown.view));
    const window = await Window.open(context, url.server, url.folder);
    await window.showContainer(shown.container);
    await window.treeItems(shown.view).first().waitFor();
    return new ListWindow(window, activations);
  }

  async reload(): Promise<Start> {
    const reloadedMs = Date.now();
    await this.#window.reload();
    const paintedMs = await waitFor(
      async () => {
        const timeMs = v.safeParse(v.number(), await this.#window.page.evaluate(PAINTED_MS));
        return timeMs.success && !Number.isNaN(timeMs.output) ? timeMs.output : undefined;
      },
      { what: 'the first row of the list' },
    );
    return await waitFor(
      async () => {
        const lines = (await readFile(this.#activations, 'utf8'))
          .split('\n')
          .map((line) => line.split(' ').map(Number));
        const [startMs, ms, loadMs, cpuMs] = lines.find(([ms]) => (ms ?? 0) >= reloadedMs) ?? [];
        return startMs === undefined || ms === undefined || loadMs === undefined || cpuMs === undefined
          ? undefined
          : { listMs: paintedMs - startMs, activation: { ms, loadMs, cpuMs } };
      },
      { what: 'the end of the activation' },
    );
  }
}

interface Found {
  ours: number[];
  bare: number[];
  activations: Activation[];
  bareActivations: Activation[];
  catalogMb: number;
}

async function measure(browser: Browser, folder: string, sessionCount: number): Promise<Found> {
  const repository = await TestRepository.create();
  const servers: VscodeServer[] = [];
  try {
    const start = async ({ extensions }: Installed): Promise<VscodeServer> => {
      const server = await VscodeServer.start({ extensionsDirectory: extensions, reconnectionGraceSeconds: 1 });
      servers.push(server);
      return server;
    };
    const corral = await copyCorral(folder, sessionCount);
    const server = await start(corral);
    const { paths } = await openStore(server.globalStorage);
    await fillStore(paths, sessionCount, EVENTS_PER_SESSION);
    const peer = await writeBareExtension(folder, sessionCount);
    const at = (each: VscodeServer): { server: VscodeServer; folder: string } => ({
      server: each,
      folder: repository.path,
    });
    const bareServer = await start(peer);
    const ours = await ListWindow.open(browser, at(server), corral, CORRAL);
    const bare = await ListWindow.open(browser, at(bareServer), peer, BARE);
    const found: Found = {
      ours: [],
      bare: [],
      activations: [],
      bareActivations: [],
      catalogMb: await catalogMb(paths),
    };
    for (let round = 0; round < ROUNDS; round++) {
      const ourStart = await ours.reload();
      found.ours.push(ourStart.listMs);
      found.activations.push(ourStart.activation);
      const bareStart = await bare.reload();
      found.bare.push(bareStart.listMs);
      found.bareActivations.push(bareStart.activation);
    }
    return found;
  } finally {
    for (const server of servers) await server.stop();
    await repository.remove();
  }
}

const ratioOf = (ours: readonly number[], peer: readonly number[]): Spread =>
  spreadOf(ours.map((ms, round) => ms / (peer[round] ?? NaN)));
const medianOf = (times: readonly number[]): string => `${short(spreadOf(times).median)} ms`;

function figureOf(name: string, feel: string, ratio: Spread, detail: string, atMost: number): Figure {
  return { name, feel, ...valueOf(ratio), unit: '×', detail, target: { atMost } };
}

function activationFigure({ activations, bareActivations }: Found, sessions: string): Figure {
  const median = (all: readonly Activation[], name: keyof Activation): string => medianOf(all.map((one) => one[name]));
  const detail = `with ${sessions}; loading the code takes ${median(activations, 'loadMs')} of it, and the processor works for ${median(activations, 'cpuMs')}; a bare extension's takes ${median(bareActivations, 'ms')}, of which ${median(bareActivations, 'cpuMs')} are work`;
  const feel = "the extension's activation in VS Code";
  const all = spreadOf(activations.map(({ ms }) => ms));
  return { name: '15a', feel, ...valueOf(all), unit: 'ms', detail, target: { atMost: 100 } };
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
          `${medianOf(ours)}, the bare tree ${medianOf(bare)}; the index is ${short(found.catalogMb)} MB`,
          2,
        ),
      );
      if (few === undefined) figures.push(activationFigure(found, sessions));
      else
        figures.push(
          figureOf(
            `${name}g`,
            'the same beside a tenth of the sessions',
            ratioOf(ours, few.ours),
            `${medianOf(ours)}, with a tenth ${medianOf(few.ours)}`,
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
