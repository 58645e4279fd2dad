/** Installs the real agent programs. Each gets a home folder, a key that opens nothing and a model on loopback. */
import { execFile } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory, installInto, runOrThrow } from './installation.mjs';

const NOWHERE = 'http://127.0.0.1:9';
/** Proxies that lead nowhere, so that only loopback can be reached. */
const OFFLINE = {
  DISABLE_TELEMETRY: '1',
  DO_NOT_TRACK: '1',
  http_proxy: NOWHERE,
  https_proxy: NOWHERE,
  HTTP_PROXY: NOWHERE,
  HTTPS_PROXY: NOWHERE,
  NO_PROXY: '127.0.0.1,localhost',
  no_proxy: '127.0.0.1,localhost',
};

async function writeInto(home, path, text) {
  await mkdir(join(home, path, '..'), { recursive: true });
  await writeFile(join(home, path), text);
}

/**
 * Each agent's package, program and environment; `installScript` puts the platform's binary into place.
 * @property retries when the service fails, it tries again for minutes
 * @property forgets it cannot resume an earlier session
 * @property account variables that sign it in as another account
 * @property alone arguments to run it without Corral, where such sessions can be imported
 */
export const PROGRAMS = {
  claude: {
    package: '@anthropic-ai/claude-code',
    version: '2.1.329',
    installScript: 'install.cjs',
    program: 'node_modules/@anthropic-ai/claude-code/bin/claude.exe',
    // An account's token goes before a key only where there is none.
    account: (token) => ({ ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: token }),
    alone: (prompt) => ['-p', prompt, '--permission-mode', 'acceptEdits'],
    environment: async (home, modelUrl) => {
      // The state of somebody who has used it in a terminal before.
      const known = {
        hasCompletedOnboarding: true,
        theme: 'dark',
        customApiKeyResponses: { approved: ['dummy'], rejected: [] },
      };
      await writeInto(home, '.claude/.claude.json', JSON.stringify(known));
      return {
        ANTHROPIC_BASE_URL: modelUrl,
        ANTHROPIC_API_KEY: 'dummy',
        CLAUDE_CONFIG_DIR: join(home, '.claude'),
        CLAUDE_CODE_MAX_RETRIES: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_ERROR_REPORTING: '1',
        IS_SANDBOX: '1',
      };
    },
  },
  codex: {
    package: '@openai/codex',
    version: '0.169.0',
    program: 'node_modules/.bin/codex',
    account: (token) => ({ LOOPBACK_KEY: token }),
    alone: (prompt) => ['exec', '--sandbox', 'workspace-write', prompt],
    environment: async (home, modelUrl) => {
      const provider = `name = "loopback"\nbase_url = "${modelUrl}/v1"\nenv_key = "LOOPBACK_KEY"\nwire_api = "responses"\nrequest_max_retries = 1\nstream_max_retries = 1`;
      const settings =
        'model = "gpt-5.5"\nmodel_provider = "loopback"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n[otel]\nexporter = "none"';
      await writeInto(home, '.codex/config.toml', `${settings}\n[model_providers.loopback]\n${provider}\n`);
      return { CODEX_HOME: join(home, '.codex'), LOOPBACK_KEY: 'dummy' };
    },
  },
  gemini: {
    package: '@google/gemini-cli',
    version: '0.61.0',
    program: 'node_modules/.bin/gemini',
    retries: true,
    forgets: true,
    environment: async (home, modelUrl) => {
      const settings = {
        security: { auth: { selectedType: 'gemini-api-key' } },
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
        general: { disableAutoUpdate: true, enableAutoUpdate: false, enableAutoUpdateNotification: false },
        ide: { enabled: false },
      };
      await writeInto(home, '.gemini/settings.json', JSON.stringify(settings));
      return {
        GEMINI_API_KEY: 'dummy',
        GOOGLE_GEMINI_BASE_URL: modelUrl,
        GEMINI_TELEMETRY_ENABLED: 'false',
        GEMINI_CLI_TRUST_WORKSPACE: 'true',
      };
    },
  },
  opencode: {
    package: 'opencode-ai',
    version: '1.18.33',
    installScript: 'postinstall.mjs',
    program: 'node_modules/opencode-ai/bin/opencode.exe',
    retries: true,
    environment: async (home, modelUrl) => {
      const model = {
        name: 'Loopback',
        limit: { context: 200_000, output: 8_000 },
        tool_call: true,
        attachment: true, // else it leaves pictures out
        modalities: { input: ['text', 'image'], output: ['text'] },
        cost: { input: 1, output: 2 },
      };
      const options = { baseURL: `${modelUrl}/v1`, apiKey: 'dummy' };
      const provider = { loopback: { npm: '@ai-sdk/openai-compatible', name: 'Loopback', options, models: { model } } };
      const settings = {
        autoupdate: false,
        share: 'disabled',
        model: 'loopback/model',
        small_model: 'loopback/model',
        provider,
      };
      await writeInto(home, '.config/opencode/opencode.json', JSON.stringify(settings));
      return {
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      };
    },
  },
  goose: {
    package: `@aaif/goose-binary-${process.platform}-${process.arch}`,
    version: '1.52.0',
    program: `node_modules/@aaif/goose-binary-${process.platform}-${process.arch}/bin/goose`,
    environment: (home, modelUrl) => ({
      GOOSE_PROVIDER: 'openai',
      GOOSE_MODEL: 'gpt-4o',
      OPENAI_HOST: modelUrl,
      OPENAI_API_KEY: 'dummy',
      GOOSE_DISABLE_KEYRING: '1',
      GOOSE_TELEMETRY_ENABLED: 'false',
      GOOSE_TELEMETRY_OFF: '1',
    }),
  },
};

const exists = async (path) =>
  await access(path).then(
    () => true,
    () => false,
  );

/** Returns the program's path; installs it once, by the package's own means. */
export async function installProgram(name) {
  const { package: packageName, version, installScript, program } = PROGRAMS[name];
  const directory = join(cacheDirectory, `${name}-${version}`);
  const stamp = join(directory, 'complete');
  if (!(await exists(stamp))) {
    console.log(`Installing ${packageName} ${version}…`);
    await installInto(directory, [`${packageName}@${version}`]);
    if (installScript !== undefined)
      await runOrThrow(process.execPath, [installScript], { cwd: join(directory, 'node_modules', packageName) });
    await writeFile(stamp, '');
  }
  const path = join(directory, program);
  await promisify(execFile)(path, ['--version'], { shell: process.platform === 'win32' && !path.endsWith('.exe') });
  return path;
}

/** The program without the launcher in JavaScript that some packages have in front: a file that works alone. */
export async function nativeProgram(path) {
  const packages = join(path, '../../@openai');
  const files = await readdir(packages, { recursive: true }).catch(() => []);
  const binary = files.find((file) => /vendor[\\/][^\\/]+[\\/]bin[\\/]codex(\.exe)?$/.test(file));
  return binary === undefined ? path : join(packages, binary);
}

/** Makes the agent's home folder and returns its whole environment. */
export async function environmentOf(name, home, modelUrl) {
  await mkdir(home, { recursive: true });
  const folders = {
    XDG_CONFIG_HOME: '.config',
    XDG_DATA_HOME: '.local/share',
    XDG_STATE_HOME: '.local/state',
    XDG_CACHE_HOME: '.cache',
  };
  const places = Object.fromEntries(
    Object.entries(folders).map(([variable, folder]) => [variable, join(home, folder)]),
  );
  return {
    HOME: home,
    USERPROFILE: home,
    ...places,
    ...OFFLINE,
    ...(await PROGRAMS[name].environment(home, modelUrl)),
  };
}
