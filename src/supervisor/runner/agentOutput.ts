import type { DraftEvent } from '../../storage/events';
import type { Conversation } from '../agents/driver/driver';
import type { Line } from '../../common/lines/lineSplitter';
import type { AgentProcess } from './agentProcess';
import { OutputLines } from './outputLines';
import type { OutputLog, OutputStream } from './outputLog';
import type { Recorder } from './recorder';

const MAX_LINE_BYTES = 64 * 1024 * 1024;
const STDERR_TAIL_BYTES = 2 * 1024;

export interface AgentOutputOptions {
  conversation: Conversation;
  log: OutputLog;
  emit: (event: DraftEvent) => void;
  /** Called when the driver throws at a line. */
  onDriverError: (error: unknown) => void;
  /** Called when the lines of a chunk are read. */
  onChunk: () => void;
  recorder: Pick<Recorder, 'room'>;
}

/** What an agent prints: kept as raw bytes in output.log, and read line by line by its driver. */
export class AgentOutput {
  readonly #options: AgentOutputOptions;
  #stderrTail = Buffer.alloc(0);

  constructor(options: AgentOutputOptions) {
    this.#options = options;
  }

  /** The end of stderr, at most 2 KiB. */
  get stderrTail(): string {
    return this.#stderrTail.toString('utf8').replace(/^\ufffd{1,3}/, ''); // where a character was cut
  }

  /** Settles when the output is read to its end and the agent has exited. */
  async read(agent: AgentProcess): Promise<void> {
    const lines = new OutputLines(MAX_LINE_BYTES, (stream, line) => this.#readLine(stream, line));
    await agent.readOutput(async (stream, chunk) => {
      const logged = this.#options.log.append(stream, chunk);
      if (stream === 'stderr') this.#stderrTail = Buffer.concat([this.#stderrTail, chunk]).subarray(-STDERR_TAIL_BYTES);
      lines.push(stream, chunk);
      this.#options.onChunk();
      await logged;
      // The agent goes on only when its events are safe, which also stops it while the disk is full or fails.
      await this.#options.recorder.room();
    });
    lines.end();
  }

  #readLine(stream: OutputStream, { bytes, isCut }: Line): void {
    const text = bytes.toString('utf8');
    try {
      if (!isCut) {
        this.#options.conversation.readLine(stream, text);
        return;
      }
    } catch (error) {
      this.#options.onDriverError(error); // the line is kept all the same
    }
    this.#options.emit({ kind: 'output', data: { stream, text } });
  }
}
