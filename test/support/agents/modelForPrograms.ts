/** A scripted model for the real Claude Code and Codex, in a process and maybe on a network of its own. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from '../project';

export class ModelForPrograms {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #log: string;

  private constructor(process: ChildProcess, url: string, log: string) {
    this.#process = process;
    this.url = url;
    this.#log = log;
  }

  /** `enter` goes before its command. */
  static async start(enter: readonly string[] = []): Promise<ModelForPrograms> {
    const log = join(await mkdtemp(join(tmpdir(), 'corral-model-')), 'requests');
    const script = join(projectRoot, 'test/support/agents/modelServer.mjs');
    const [program, ...words] = [...enter, process.execPath, script, log];
    const model = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(model.stdout.setEncoding('utf8'), 'data')) as [string];
    return new ModelForPrograms(model, line.trim(), log);
  }

  async end(): Promise<void> {
    this.#process.kill();
    await rm(dirname(this.#log), { recursive: true });
  }

  /** The environment with which both programs talk to it alone. */
  get variables(): Record<string, string> {
    return {
      ANTHROPIC_BASE_URL: this.url,
      ANTHROPIC_API_KEY: 'dummy',
      CLAUDE_CODE_MAX_RETRIES: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_ERROR_REPORTING: '1',
      LOOPBACK_KEY: 'dummy',
    };
  }

  /** The settings file with which Codex does. */
  get codexSettings(): string {
    return [
      ...['model = "gpt-5.5"', 'model_provider = "loopback"', 'check_for_update_on_startup = false'],
      ...['[analytics]', 'enabled = false'],
      ...['[model_providers.loopback]', 'name = "loopback"', `base_url = "${this.url}/v1"`],
      ...['env_key = "LOOPBACK_KEY"', 'wire_api = "responses"', 'request_max_retries = 1', ''],
    ].join('\n');
  }

  /** The last request with this text, as JSON. */
  async lastRequestWith(text: string): Promise<unknown> {
    const lines = (await readFile(this.#log, 'utf8')).split('\n');
    const line = lines.findLast((each) => each.includes(text));
    assert.ok(line !== undefined, `Nothing with “${text}” was asked`);
    return JSON.parse(line);
  }
}
