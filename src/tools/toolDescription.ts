/** What a call of a tool does, in parts that a row, a card, a notification or an export can show. Texts are data. */
import type { ToolCategory } from '../storage/events';

/** What a call is for, whatever its agent names it. */
export type ToolKind =
  'shell' | 'edit' | 'write' | 'read' | 'search' | 'fetch' | 'plan' | 'todo' | 'question' | 'agent' | 'other';

/** A file, and the line in it (from 1) where that is known. A path in the worktree is relative and has `/`. */
export interface ToolPath {
  path: string;
  line?: number;
}

export interface ToolBlock {
  text: string;
  language: 'shellscript' | 'markdown' | 'json' | 'plaintext';
}

/** A line of a diff without its sign and line end; `note` is about the lines, such as a missing line end. */
export interface EditLine {
  kind: 'same' | 'added' | 'removed' | 'note';
  text: string;
}

/** Lines that follow each other. The numbers of its first line, from 1, are known where the agent tells them. */
export interface EditHunk {
  oldStart?: number;
  newStart?: number;
  lines: EditLine[];
  /** It holds for every place in the file that reads so. */
  everywhere?: true;
}

/** What happens to one file. Without hunks, the agent does not say how it changes. */
export interface FileEdit {
  path: string;
  /** `written`: whole, be it a new file or one that is there. */
  change: 'added' | 'modified' | 'written' | 'deleted' | 'renamed';
  movedTo?: string;
  hunks: EditHunk[];
}

export interface ToolStep {
  text: string;
  status: 'pending' | 'in_progress' | 'completed';
}

export interface ToolQuestion {
  text: string;
  /** A word or two. */
  header?: string;
  multiSelect: boolean;
  /** Empty where it is to be answered in words. */
  options: { label: string; description?: string }[];
}

/** A field of the input that nothing else in the description shows. */
export interface ToolDetail {
  name: string;
  value: string;
}

/**
 * All that is recorded of a call. Beside the title, its parts leave nothing of the input out but what is empty or is
 * said twice.
 */
export interface ToolDescription {
  kind: ToolKind;
  /** What the call does on one line, such as “Read src/main.ts”. Not cut, and no proof of what an approval allows. */
  title: string;
  /** What the agent says about the call. */
  note?: string;
  /** A command, a plan, a task for another agent, or an input that is text. */
  block?: ToolBlock;
  edits: FileEdit[];
  steps: ToolStep[];
  questions: ToolQuestion[];
  paths: ToolPath[];
  details: ToolDetail[];
  /** What to look at before it is allowed, in sentences. None says nothing about what is safe. */
  risks: string[];
}

/** What is recorded of a call, in `tool.call` or in `permission.request`. */
export interface RecordedTool {
  /** The tool's name; '' where the agent tells none. */
  name: string;
  title: string;
  input?: unknown;
  category?: ToolCategory | undefined;
  /** Relative paths are in the worktree. */
  locations?: readonly ToolPath[];
}
