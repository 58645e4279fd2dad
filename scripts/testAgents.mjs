/**
 * `npm run test:agents [-- agent … --scenario=name]`: Corral drives the real agent programs against a scripted model on
 * loopback. Prints `agent × scenario: pass | fail | not installed`; on Linux it fails where one cannot be installed.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf, installProgram, PROGRAMS } from './agentPrograms.mjs';
import { assertNothingLeft, isOver, LIMIT, ONE_SHOT, SCENARIOS } from './agentScenarios.mjs';
import { createDemoRepository } from './demoRepository.mjs';
import { installChromium, installExtension, installServer, writeHostFile } from './host.mjs';
import { enterProjectNode, root, run, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);

/** For the two programs that keep their conversations where others can take them up. */
const ALONE = ['import', 'hand over'];
/** How many of a failed session's last events are printed. */
const SHOWN_EVENTS = 12;
const words = process.argv.slice(2);
const wantedAgents = words.filter((word) => !word.startsWith('--'));
const wantedScenario = words.find((word) => word.startsWith('--scenario='))?.slice('--scenario='.length);
/** Each program with its own driver, and again with the driver for one prompt at a time where that exists. */
const AGENTS = [
  ...Object.entries(PROGRAMS).map(([name, program]) => ({
    name,
    program: name,
    traits: program,
    setting: {},
    scenarios: Object.keys(SCENARIOS).filter(
      (scenario) =>
        (!ALONE.includes(scenario) || program.alone !== undefined) &&
        (scenario !== LIMIT || program.account !== undefined),
    ),
  })),
  ...['codex', 'gemini', 'opencode', 'goose'].map((program) => ({
    name: `${program}-once`,
    program,
    traits: { ...PROGRAMS[program], forgets: false },
    setting: { driver: 'stream' },
    scenarios: ONE_SHOT,
  })),
];
const agents = AGENTS.filter(({ name }) => wantedAgents.length === 0 || wantedAgents.includes(name));
const scenariosOf = (agent) =>
  agent.scenarios.filter((name) => wantedScenario === undefined || name === wantedScenario);

const supervisorModule = join(root, 'out/agents/supervisor.cjs');

/** Builds the supervisor as a module, and the programs that it starts. */
async function buildSupervisor() {
  await runOrThrow(process.execPath, [join(root, 'esbuild.mjs')]);
  const { build } = await import('esbuild');
  const contents = `
    export { detectAgents } from './src/supervisor/agents/agentDetection';
    export { DEFAULT_SETTINGS } from './src/supervisor/settings';
    export { Supervisor } from './src/supervisor/supervisor';
  `;
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    outfile: supervisorModule,
    logLevel: 'warning',
  });
  return createRequire(import.meta.url)(supervisorModule);
}

/** A window in a process of its own; its `call` calls a method of its supervisor. */
async function openWindow(options) {
  const child = fork(join(import.meta.dirname, 'agentWindow.mjs'), [supervisorModule]);
  const gone = once(child, 'exit');
  const waiting = new Map();
  await new Promise((resolve, reject) => {
    gone.then(() => reject(new Error('The window ended before it was ready')));
    child.on('message', ({ ready, number, result, problem }) => {
      if (ready) return resolve();
      if (problem === undefined) waiting.get(number).settle(result);
      else waiting.get(number).fail(new Error(problem));
      waiting.delete(number);
    });
    child.send({ options });
  });
  let last = 0;
  const call = async (method, ...values) =>
    await new Promise((settle, fail) => {
      waiting.set(++last, { settle, fail });
      child.send({ number: last, method, values });
    });
  return {
    call,
    getSession: async (id) => await call('getSession', id),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Scenario → `pass` or `fail`. */
async function runScenarios(agent, path, folder, { Supervisor, DEFAULT_SETTINGS, detectAgents }, model) {
  const results = {};
  const repository = join(folder, 'repository');
  const store = join(folder, 'store');
  await createDemoRepository(repository);
  const env = await environmentOf(agent.program, join(folder, 'home'), model.url);
  const agents = { [agent.name]: { ...agent.setting, path, env } };
  const accounts = [];
  for (const name of agent.traits.account === undefined ? [] : ['private', 'work']) {
    const account = { agent: `${agent.name}-${name}`, home: join(folder, `home ${name}`), token: `token-${name}` };
    const own = await environmentOf(agent.program, account.home, model.url);
    agents[account.agent] = {
      driver: agent.program,
      path,
      env: { ...own, ...agent.traits.account(account.token) },
    };
    accounts.push(account);
  }
  const settings = { ...DEFAULT_SETTINGS, agents };
  const bundles = join(root, 'dist');
  const open = () => new Supervisor({ storageDirectory: store, bundles, settings: () => settings });
  let supervisor = open();
  /** Closes this window, and opens it again after `meanwhile`, which can open others. */
  const reopen = async (meanwhile) => {
    await supervisor.close();
    const windows = [];
    try {
      await meanwhile(async () => {
        const window = await openWindow({ storageDirectory: store, bundles, settings });
        windows.push(window);
        return window;
      });
    } finally {
      for (const window of windows) await window.kill();
      supervisor = open();
    }
    return supervisor;
  };
  try {
    for (const name of scenariosOf(agent)) {
      let id;
      const use = (session) => {
        id = session.id;
        return session;
      };
      const start = async (prompt, permissionMode = 'edits', attachments = [], name = agent.name) => {
        const request = { repository, prompt, agent: name, permissionMode, attachments };
        return use(await supervisor.createSession(request));
      };
      const detect = async () =>
        (
          await detectAgents({
            agents: settings.agents,
            bundles,
            runProcess: supervisor.runProcess,
          })
        ).find((each) => each.name === agent.name);
      const other = async () => {
        const name = agent.program === 'claude' ? 'codex' : 'claude';
        const otherEnv = await environmentOf(name, join(folder, 'other home'), model.url);
        settings.agents = { ...settings.agents, [name]: { path: await installProgram(name), env: otherEnv } };
        return name;
      };
      try {
        await SCENARIOS[name]({
          name: agent.name,
          supervisor,
          reopen,
          accounts,
          settings,
          start,
          use,
          store,
          repository,
          path,
          env,
          program: agent.traits,
          terminal,
          other,
          detect,
          model,
        });
        if (id !== undefined) await assertNothingLeft(await supervisor.getSession(id));
        results[name] = 'pass';
        console.log(`${agent.name} × ${name}: pass`);
      } catch (error) {
        results[name] = 'fail';
        console.log(`${agent.name} × ${name}: fail\n${error.stack.replace(/^/gm, '  ')}`);
        if (id === undefined) continue;
        const { events } = await supervisor.listSessionHistory(id, { limit: 1000 });
        for (const { kind, data } of events.slice(-SHOWN_EVENTS))
          console.log(`    ${kind} ${JSON.stringify(data)}`.slice(0, 500));
        if (!isOver(await supervisor.getSession(id))) await supervisor.kill(id);
      }
    }
  } finally {
    supervisor.dispose();
  }
  return results;
}

const { startModelServer } = await import('../test/support/agents/modelServer.mjs');
const model = await startModelServer();
const IN_VSCODE = 'in VS Code';

/** Runs Claude also in a real VS Code, where a person chooses it: test/agents/claude.test.ts. */
async function runInVscode(path, folder, modelUrl) {
  await writeHostFile({ serverMain: await installServer(), chromium: await installChromium() });
  await runOrThrow(process.execPath, [join(root, 'esbuild.mjs'), '--tests', '--minify']);
  await installExtension();
  const handedOver = {
    program: path,
    environment: await environmentOf('claude', join(folder, 'home in VS Code'), modelUrl),
  };
  const env = { ...process.env, CORRAL_REAL_CLAUDE: JSON.stringify(handedOver) };
  const outcome =
    (await run(process.execPath, [join(import.meta.dirname, 'tier.mjs'), 'agents'], { env })) === 0 ? 'pass' : 'fail';
  console.log(`claude × ${IN_VSCODE}: ${outcome}`);
  return outcome;
}

// The library behind VS Code's own terminals.
const terminal = createRequire(await installServer())('node-pty');
const modules = await buildSupervisor();
const table = {};
for (const agent of agents) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-agents-')));
  try {
    const path = await installProgram(agent.program).catch((error) =>
      console.error(`${agent.name} could not be installed: ${error.message}`),
    );
    const missing = Object.fromEntries(scenariosOf(agent).map((name) => [name, 'not installed']));
    table[agent.name] = path === undefined ? missing : await runScenarios(agent, path, folder, modules, model);
    if (agent.name === 'claude' && (wantedScenario ?? IN_VSCODE) === IN_VSCODE) {
      table[agent.name][IN_VSCODE] =
        path === undefined
          ? 'not installed'
          : await runInVscode(path, folder, model.url).catch((error) => console.error(error.message) ?? 'fail');
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
await model.close();

const columns = agents.map(({ name }) => name);
console.log(`\n| scenario | ${columns.join(' | ')} |\n|---|${'---|'.repeat(columns.length)}`);
const names = new Set(Object.values(table).flatMap((results) => Object.keys(results)));
for (const name of names)
  console.log(`| ${name} | ${columns.map((column) => table[column][name] ?? '–').join(' | ')} |`);
const outcomes = Object.values(table).flatMap((results) => Object.values(results));
const counts = ['pass', 'fail', 'not installed'].map((outcome) => [
  outcome,
  outcomes.filter((each) => each === outcome).length,
]);
console.log(`\n${counts.map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`);
const failures = process.platform === 'linux' ? ['fail', 'not installed'] : ['fail'];
process.exitCode = outcomes.some((outcome) => failures.includes(outcome)) ? 1 : 0;
