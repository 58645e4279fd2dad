import type { PermissionMode } from '../../../storage/sessionRecords';
import { PROTECTED_FILES, PROTECTED_FOLDERS } from '../driver/permissions/worktreeEdits';

const SETTINGS = JSON.stringify({
  permissions: {
    ask: [
      ...PROTECTED_FOLDERS.map((name) => `Edit(**/${name}/**)`),
      ...[...PROTECTED_FILES, '*.code-workspace'].map((name) => `Edit(**/${name})`),
    ],
  },
});

/**
 * Has Claude ask about files that programs run or trust, where it allows edits by itself. Of several settings it takes
 * one alone, and a person's own count.
 */
export function askingSettings(permissionMode: PermissionMode, programArguments: readonly string[]): string[] {
  return permissionMode === 'edits' && !hasOwnSettings(programArguments) ? [`--settings=${SETTINGS}`] : [];
}

/** True where a person's own arguments name settings. */
export function hasOwnSettings(programArguments: readonly string[]): boolean {
  return programArguments.some((word) => /^--settings(=|$)/.test(word));
}
