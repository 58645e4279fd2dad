import type { TreeOptions } from '../../sessions/tree/treeOptions';

/** What commands need of the Sessions tree. */
export interface TreeControl {
  readonly options: TreeOptions;
  readonly selectedSessions: readonly string[];
  setOptions(changed: Partial<TreeOptions>): Promise<void>;
}
