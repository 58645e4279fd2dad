import type { Git } from '../../git/git';
import type { HostConnection } from '../../system/hostConnection';

/** A host, as far as moving work to it and home needs to know it. */
export interface WorkHost {
  /** Its name in `corral.hosts`, for people and for the refs here that keep what came from it. */
  name: string;
  connection: HostConnection;
  /** The absolute path of git there. */
  farGit: string;
  /**
   * Runs git here for transfers with this host and for nothing else: a host that is slow would otherwise hold up
   * whatever needs git here.
   */
  git: Git;
  /** The folder of Corral's bundles here. */
  bundles: string;
}

/** An ordinary repository on a host, made by `openHostRepository`. */
export interface HostRepository {
  readonly host: WorkHost;
  /** Its main worktree, an absolute path there. Nothing is checked out in it. */
  readonly path: string;
}
