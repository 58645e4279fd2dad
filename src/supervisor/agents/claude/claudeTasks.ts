import type { ClaudeMessage } from './claudeMessages';

type TaskMessage = Extract<
  ClaudeMessage,
  { subtype: 'background_tasks_changed' | 'task_started' | 'task_updated' | 'task_notification' }
>;

const RUNNING_STATUSES = ['pending', 'running'];

/** Claude's tasks in the background, such as commands and sub-agents. When one ends, Claude begins a turn about it. */
export class ClaudeTasks {
  #ids = new Set<string>();

  get count(): number {
    return this.#ids.size;
  }

  read(message: TaskMessage): void {
    switch (message.subtype) {
      case 'background_tasks_changed':
        this.#ids = new Set(message.tasks.map(({ task_id: id }) => id));
        return;
      case 'task_started':
        // Without the mark the turn waits for the task itself.
        if (message.is_backgrounded) this.#ids.add(message.task_id);
        return;
      case 'task_updated': {
        const { status, is_backgrounded: isBackgrounded } = message.patch;
        if (isBackgrounded) this.#ids.add(message.task_id);
        if (status !== undefined && !RUNNING_STATUSES.includes(status)) this.#ids.delete(message.task_id);
        return;
      }
      case 'task_notification':
        if (message.task_id !== undefined) this.#ids.delete(message.task_id);
    }
  }
}
