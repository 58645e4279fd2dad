/** What the driver `stream` has to know of one program. */
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { AgentExit, ConversationRequest } from '../driver/driver';
import type { TurnEnd } from '../driver/turns';
import type { StreamRecorder } from './streamRecorder';

export interface StreamLaunch {
  permissionMode: PermissionMode;
  model: string | undefined;
  resumes: string | undefined;
}

export interface StreamDialect {
  /** The program reads its prompt from stdin. */
  launch(request: StreamLaunch): { words: string[]; environment?: Record<string, string> };
  /** The arguments that continue a session in a terminal. */
  terminalArguments(nativeSessionId: string): string[];
  createReader(recorder: StreamRecorder, request: ConversationRequest): StreamReader;
}

/** Reads the program's output, and records what it means. */
export interface StreamReader {
  /** `value` is one line. False where it is unknown. */
  read(value: unknown): boolean;
  /** How the turn ended where no line said it; undefined where it was cut off. */
  endOf(exit: AgentExit): TurnEnd | undefined;
}
