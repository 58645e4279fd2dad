import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../support/project';

export const at = (second: number): string => `2026-02-03T10:00:${String(second).padStart(2, '0')}.000Z`;

/** A record of what a person typed, or of what Claude put among it. */
export function user(second: number, content: unknown, more: object = {}): object {
  return { type: 'user', uuid: `u${second}`, timestamp: at(second), message: { role: 'user', content }, ...more };
}

export function assistant(second: number, block: object, stopReason: string | null): object {
  return {
    type: 'assistant',
    uuid: `a${second}`,
    timestamp: at(second),
    message: {
      id: `m${second}`,
      role: 'assistant',
      model: 'claude-opus-5-5',
      content: [block],
      stop_reason: stopReason,
    },
  };
}

/** A folder in which Claude keeps its transcripts. */
export class ClaudeHome {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<ClaudeHome> {
    return new ClaudeHome(await realpath(await mkdtemp(join(tmpdir(), 'corral claude '))));
  }

  /** The settings of an agent with these transcripts. The demo agent resumes any session, as Claude does its own. */
  get agent(): object {
    return {
      driver: 'claude',
      path: process.execPath,
      args: [join(projectRoot, 'dist/demoAgent.js')],
      env: { CLAUDE_CONFIG_DIR: this.path },
    };
  }

  /** Writes the transcript that Claude keeps of a session in `cwd`, and returns its path. Texts are whole lines. */
  async write(cwd: string, id: string, lines: readonly (object | string)[]): Promise<string> {
    const common = {
      parentUuid: null,
      isSidechain: false,
      userType: 'external',
      cwd,
      sessionId: id,
      version: '2.1.329',
      gitBranch: 'main',
    };
    const texts = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify({ ...common, ...line })}\n`);
    return await this.writeBytes(cwd, id, Buffer.from(texts.join('')));
  }

  async writeBytes(cwd: string, id: string, bytes: Buffer): Promise<string> {
    const folder = join(this.path, 'projects', cwd.replaceAll(/[^A-Za-z0-9]/g, '-'));
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${id}.jsonl`);
    await writeFile(path, bytes);
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
