import * as v from 'valibot';
import * as vscode from 'vscode';
import { DETAILS } from '../../protocol/timelineProtocol';
import type { Detail } from '../../protocol/timelineProtocol';
import { SECTION, readSetting } from '../settings';
import { SETTINGS } from '../text/contributions';

/** How much a timeline shows. */
export function timelineDetail(): Detail {
  return readSetting(SETTINGS.timelineDetail, v.picklist(DETAILS), 'normal');
}

export async function setTimelineDetail(detail: Detail): Promise<void> {
  await vscode.workspace
    .getConfiguration(SECTION)
    .update(SETTINGS.timelineDetail, detail, vscode.ConfigurationTarget.Global);
}

/** Hears every change of how much a timeline shows. */
export function onTimelineDetail(listener: (detail: Detail) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.${SETTINGS.timelineDetail}`)) listener(timelineDetail());
  });
}
