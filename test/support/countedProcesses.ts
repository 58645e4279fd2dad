import { runWithNode } from '../../src/common/processes/nodeProcess';
import type { RunProcess } from '../../src/common/processes/runProcess';

/** Runs processes by Node alone, and counts them. */
export class CountedProcesses {
  started = 0;
  running = 0;

  readonly run: RunProcess = async (argv, options) => {
    this.started++;
    this.running++;
    try {
      return await runWithNode(argv, options);
    } finally {
      this.running--;
    }
  };
}
