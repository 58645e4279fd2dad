import * as vscode from 'vscode';
import { Throttle } from '../common/throttle';

/**
 * More than the 200 ms without any change for which VS Code waits before it reads rows again (extHostTreeViews.ts):
 * changes that come faster would not be shown until they end.
 */
const INTERVAL_MS = 250;

/** Tells VS Code which rows of a tree are to be read again, at a pace at which it does read them. */
export class TreeChanges<Row> implements vscode.Disposable {
  readonly #emitter = new vscode.EventEmitter<Row[] | undefined>();
  /** For `onDidChangeTreeData`; undefined stands for all rows. */
  readonly event = this.#emitter.event;
  readonly #rows = new Set<Row>();
  #isAll = false;
  readonly #throttle = new Throttle(
    INTERVAL_MS,
    async () => {
      await Promise.resolve(); // for all rows of one change
      this.flush();
    },
    () => undefined,
  );

  addAll(): void {
    this.#isAll = true;
    this.#throttle.ask();
  }

  add(row: Row): void {
    this.#rows.add(row);
    this.#throttle.ask();
  }

  /** VS Code gets all rows now: it would read them again for a change that comes before they are painted. */
  rest(): void {
    this.#throttle.rest();
  }

  /** Tells what changed now, for somebody who needs a new row to be known. */
  flush(): void {
    const [rows, isAll] = [[...this.#rows], this.#isAll];
    this.#rows.clear();
    this.#isAll = false;
    if (isAll) this.#emitter.fire(undefined);
    else if (rows.length > 0) this.#emitter.fire(rows);
  }

  dispose(): void {
    this.#throttle.dispose();
    this.#emitter.dispose();
  }
}
