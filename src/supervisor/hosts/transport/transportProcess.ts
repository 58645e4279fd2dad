/** The process on this computer that leads to a host: its stdin and stdout are those of the host program there. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { GroupEnd, LEADS_GROUP } from '../../../common/processes/processGroup';
import { findProgram } from '../../agents/discovery';
import { withoutEditor } from '../../agents/editorVariables';

/** The last that it wrote on stderr is kept, where ssh says what was wrong. */
const MAX_ERROR_TEXT = 16 * 1024;

export class TransportProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** Its exit code, once it is gone and all that it printed was read; undefined where a signal ended it. */
  readonly ended: Promise<number | undefined>;
  readonly #group: GroupEnd;
  #errorText = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.input = child.stdin;
    this.output = child.stdout;
    this.#group = new GroupEnd(child, {});
    child.stdin.on('error', () => undefined); // its end tells why
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errorText = (this.#errorText + text).slice(-MAX_ERROR_TEXT);
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (exitCode) => {
        this.#group.release();
        resolve(exitCode ?? undefined);
      });
    });
  }

  /**
   * Starts a program in a group of its own, so that ssh finds no terminal to ask in.
   * @throws Error where it is not there or cannot be started
   */
  static async start(
    [name, ...parameters]: readonly [program: string, ...parameters: string[]],
    added: Readonly<Record<string, string>> = {},
  ): Promise<TransportProcess> {
    const environment = { ...withoutEditor(process.env), ...added };
    const found = await findProgram({ program: name, environment, folders: [] });
    if (found === undefined) throw new Error(`There is no program ${name}`);
    const child = spawn(found.program, [...found.programArguments, ...parameters], {
      env: environment,
      detached: LEADS_GROUP,
      windowsHide: true,
    });
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.on('error', () => undefined); // such as a signal that could not be sent
    return new TransportProcess(child);
  }

  /** What it wrote last on stderr. */
  get errorText(): string {
    return this.#errorText;
  }

  /** Ends it with all that it started here. */
  end(): void {
    this.#group.end('cancelled');
  }
}
