// planSession: the settings that a database URL requests for its sessions, and the URL without them.
import { expect, it } from 'vitest';
import { planSession } from '../../store/postgres/session.ts';

const options = (text: string): string => `postgres://ada@db:5432/churn?options=${encodeURIComponent(text)}`;
const settingsOf = (text: string): Record<string, string> =>
  Object.fromEntries(planSession(options(text)).settings);

it('sets what Tidegate needs, and public as the search path', () => {
  const { url, settings } = planSession('postgres://ada:pw@db:5432/churn?sslmode=disable');
  expect(url).toBe('postgres://ada:pw@db:5432/churn?sslmode=disable');
  expect(Object.fromEntries(settings)).toMatchObject({
    search_path: 'public',
    TimeZone: 'UTC',
    DateStyle: 'ISO, MDY',
  });
});

it.each([
  ['-c search_path=crm', { search_path: 'crm' }],
  ['-csearch_path=crm,public', { search_path: 'crm,public' }],
  ['--search-path=crm', { search_path: 'crm' }],
  ['-c SEARCH_PATH=crm', { search_path: 'crm' }],
  [
    '-c  statement_timeout=5s   -c work_mem=8MB',
    { statement_timeout: '5s', work_mem: '8MB', search_path: 'public' },
  ],
  [String.raw`-c search_path=my\ schema`, { search_path: 'my schema' }],
  ['-c app.user=ada', { 'app.user': 'ada' }],
  ['-c TimeZone=Asia/Tokyo -c timezone=Asia/Seoul', { TimeZone: 'UTC' }],
])('removes %s from the URL and sets it after connecting', (text, expected) => {
  expect(settingsOf(text)).toMatchObject(expected);
  expect(Object.keys(settingsOf(text)).map((name) => name.toLowerCase())).toEqual([
    ...new Set(Object.keys(settingsOf(text)).map((name) => name.toLowerCase())),
  ]);
  expect(planSession(options(text)).url).not.toContain('options');
});

it.each(['-c post_auth_delay=1', '-c log_connections=on', '-S 64', '-e'])(
  'leaves %s in the URL because a session cannot set it',
  (text) => {
    const { url, settings } = planSession(options(`${text} -c search_path=crm`));
    expect(new URL(url).searchParams.get('options')).toBe(text);
    expect(settings.get('search_path')).toBe('crm');
  },
);

it('lets the caller add settings, which take precedence over those of the URL', () => {
  const { settings } = planSession(options('-c statement_timeout=0'), {
    settings: { statement_timeout: '2000' },
  });
  expect(settings.get('statement_timeout')).toBe('2000');
});
