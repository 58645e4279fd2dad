import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

// What does not import `vscode` finds its translations here. There is no bundle where the editor speaks English.
if (vscode.l10n.bundle !== undefined) l10n.config({ contents: vscode.l10n.bundle });
