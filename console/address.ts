// Addresses of the console's pages, with every name encoded.

const part = (name: string | number): string => encodeURIComponent(String(name));

/** The query of an address; values that are undefined or empty are left out. @example query({ q: 'a b' }) // '?q=a+b' */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return set.length === 0
    ? ''
    : `?${new URLSearchParams(set.map(([key, value]): [string, string] => [key, String(value)])).toString()}`;
}

/** Addresses by page. */
export const address = {
  overview: '/ui',
  audit: '/ui/audit',
  settings: '/ui/settings',
  model: (model: string) => `/ui/models/${part(model)}`,
  version: (model: string, version: number) => `/ui/models/${part(model)}/versions/${part(version)}`,
  report: (model: string, id: number) => `/ui/models/${part(model)}/reports/${part(id)}`,
  try: (model: string) => `/ui/models/${part(model)}/try`,
  features: (model: string) => `/ui/models/${part(model)}/features`,
  reports: (model: string) => `/ui/models/${part(model)}/reports`,
  compareVersions: (model: string) => `/ui/models/${part(model)}/compare/versions`,
  compareReports: (model: string) => `/ui/models/${part(model)}/compare/reports`,
} as const;
