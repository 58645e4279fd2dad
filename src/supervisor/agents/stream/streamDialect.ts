/** What the driver `stream` has to know of one program. */
import * as v from 'valibot';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { AgentExit, AsideLaunch, ConversationRequest } from '../driver/driver';
import type { TurnEnd } from '../driver/turns';
import type { StreamRecorder } from './streamRecorder';

export interface StreamLaunch {
  permissionMode: PermissionMode;
  model: string | undefined;
  resumes: string | undefined;
  /** As in `LaunchRequest`: the program is to answer a question without changing anything. */
  aside?: AsideLaunch | undefined;
}

export interface StreamDialect {
  /** The program reads its prompt from stdin. */
  launch(request: StreamLaunch): { args: string[]; environment?: Record<string, string>; policy?: string };
  /** The arguments that continue a session in a terminal. */
  terminalArguments(nativeSessionId: string): string[];
  createReader(recorder: StreamRecorder, request: ConversationRequest): StreamReader;
}

/** Reads the program's lines, which have to fit `schema`, and records what they mean. */
export abstract class StreamReader<S extends v.GenericSchema = v.GenericSchema> {
  protected readonly recorder: StreamRecorder;
  readonly #schema: S;

  constructor(schema: S, recorder: StreamRecorder) {
    this.#schema = schema;
    this.recorder = recorder;
  }

  /** False where the line is unknown. */
  read(line: unknown): boolean {
    const parsed = v.safeParse(this.#schema, line);
    if (parsed.success) this.readLine(parsed.output);
    return parsed.success;
  }

  /** How the turn ended where no line said it; undefined where it was cut off. */
  endOf(exit: AgentExit): TurnEnd | undefined {
    return this.recorder.errorEnd ?? this.endFromExit?.(exit);
  }

  protected abstract readLine(line: v.InferOutput<S>): void;

  /** For programs that do not report the end of a turn. */
  protected endFromExit?(exit: AgentExit): TurnEnd | undefined;
}
