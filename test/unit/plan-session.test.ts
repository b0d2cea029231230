// What a URL asks of its sessions, and what is left of the URL.
import { expect, it } from 'vitest';
import { planSession } from '../../store/postgres/session.ts';

const options = (text: string): string => `postgres://ada@db:5432/churn?options=${encodeURIComponent(text)}`;
const settingsOf = (text: string): Record<string, string> =>
  Object.fromEntries(planSession(options(text)).settings);

it('sets what is needed, and public as the schema of plain names', () => {
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
])('takes %s out of the URL, to be set once connected', (text, expected) => {
  expect(settingsOf(text)).toMatchObject(expected);
  expect(Object.keys(settingsOf(text)).map((name) => name.toLowerCase())).toEqual([
    ...new Set(Object.keys(settingsOf(text)).map((name) => name.toLowerCase())),
  ]);
  expect(planSession(options(text)).url).not.toContain('options');
});

it.each(['-c post_auth_delay=1', '-c log_connections=on', '-S 64', '-e'])(
  'leaves %s where it is: no session can set it',
  (text) => {
    const { url, settings } = planSession(options(`${text} -c search_path=crm`));
    expect(new URL(url).searchParams.get('options')).toBe(text);
    expect(settings.get('search_path')).toBe('crm');
  },
);

it('lets the caller add settings, which win over those of the URL', () => {
  const { settings } = planSession(options('-c statement_timeout=0'), {
    settings: { statement_timeout: '2000' },
  });
  expect(settings.get('statement_timeout')).toBe('2000');
});
