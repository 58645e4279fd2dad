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
  const hasOwn = programArguments.some((word) => /^--settings(=|$)/.test(word));
  return permissionMode === 'edits' && !hasOwn ? [`--settings=${SETTINGS}`] : [];
}
