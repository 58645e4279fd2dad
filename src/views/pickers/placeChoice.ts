import * as v from 'valibot';
import * as vscode from 'vscode';
import type { HostSummary, SessionSummary } from '../../supervisor/api';
import { hostIcon } from '../hosts/hostIcon';
import { conditionOf, conditionText, lacksAgent } from '../hosts/hostTexts';
import { HERE, placeLabel, placeSchema, readyHosts, type Place } from '../hosts/place';

/** What is needed to know the hosts. */
export interface HostsListSource {
  readonly hosts: { list(): HostSummary[] };
}

/** This computer or a host. */
export type ChosenPlace = Exclude<Place, { kind: 'leastBusy' }>;

interface PlaceItem extends vscode.QuickPickItem {
  place: Place;
}

/** The hosts of the setting; undefined where that cannot be read, which is said where a host is asked for. */
export function readHosts({ hosts }: HostsListSource): HostSummary[] | undefined {
  try {
    return hosts.list();
  } catch {
    return undefined;
  }
}

/** Lets a person pick where a session with the agent works; undefined where nothing was picked. */
export async function choosePlace(
  source: HostsListSource,
  sessions: readonly SessionSummary[],
  { agent, current }: { agent: string; current: Place },
): Promise<Place | undefined> {
  const hosts = source.hosts.list();
  const ready = readyHosts(hosts, sessions, agent);
  const items: PlaceItem[] = [
    { place: HERE, label: placeLabel(HERE), iconPath: new vscode.ThemeIcon('device-desktop') },
    ...(ready.length === 0 ? [] : [leastBusyItem(ready)]),
    ...hosts.map((host) => hostItem(host, agent)),
  ];
  const pick = vscode.window.createQuickPick<PlaceItem>();
  pick.title = vscode.l10n.t('New Session · Where');
  pick.placeholder = vscode.l10n.t('Where should it work?');
  pick.matchOnDescription = true;
  pick.items = items;
  pick.activeItems = items.filter(({ place }) => placeLabel(place) === placeLabel(current));
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => resolve(pick.selectedItems[0]?.place));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}

/**
 * Lets a person pick the places where sessions of agents work, for each of which all of the agents get one; undefined
 * where none was picked. Nothing is asked where there is only this computer.
 */
export async function choosePlaces(
  source: HostsListSource,
  { title, agents }: { title: string; agents: readonly string[] },
): Promise<ChosenPlace[] | undefined> {
  const hosts = readHosts(source) ?? [];
  if (hosts.length === 0) return [HERE];
  const items = [
    { place: HERE, label: placeLabel(HERE), iconPath: new vscode.ThemeIcon('device-desktop'), picked: true },
    ...hosts.map((host) => {
      const lacking = agents.find((agent) => lacksAgent(host, agent)) ?? agents[0] ?? '';
      return { ...hostItem(host, lacking), place: { kind: 'host', name: host.name } satisfies ChosenPlace };
    }),
  ];
  const picked = await vscode.window.showQuickPick<vscode.QuickPickItem & { place: ChosenPlace }>(items, {
    title,
    placeHolder: vscode.l10n.t('Where should they work? Each agent gets a session at each place.'),
    canPickMany: true,
    matchOnDescription: true,
  });
  return picked === undefined || picked.length === 0 ? undefined : picked.map(({ place }) => place);
}

function leastBusyItem(ready: readonly string[]): PlaceItem {
  const place: Place = { kind: 'leastBusy' };
  return {
    place,
    label: placeLabel(place),
    description: vscode.l10n.t('now {host}', { host: ready[0] ?? '' }),
    iconPath: new vscode.ThemeIcon('dashboard'),
  };
}

function hostItem(host: HostSummary, agent: string): PlaceItem {
  const isWithout = conditionOf(host) === 'usable' && lacksAgent(host, agent);
  return {
    place: { kind: 'host', name: host.name },
    label: host.name,
    description: host.target ?? '',
    detail: isWithout ? vscode.l10n.t('reachable, but without {agent}', { agent }) : conditionText(host),
    iconPath: isWithout ? new vscode.ThemeIcon('circle-slash') : hostIcon(host),
  };
}

/** The place as it was kept; this computer where nothing was, or where its host is no longer in the setting. */
export function readPlace(kept: unknown, source: HostsListSource): Place {
  const parsed = v.safeParse(placeSchema, kept);
  if (!parsed.success) return HERE;
  const place = parsed.output;
  const hosts = readHosts(source);
  const isThere =
    hosts === undefined || (place.kind === 'host' ? hosts.some(({ name }) => name === place.name) : hosts.length > 0);
  return isThere ? place : HERE;
}

/** False where there is only this computer to choose. */
export function isPlaceAsked(place: Place, source: HostsListSource): boolean {
  return place.kind !== 'here' || (readHosts(source) ?? []).length > 0;
}
