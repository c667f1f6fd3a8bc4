// What a dashboard for Grafana has to be, by the types of Grafana's own schema. The test appends the documents.
import type { AnnotationQuery, Dashboard, GraphFieldConfig, Panel, TableFieldOptions, VariableModel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type { Options as TimeOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// A string enum takes its texts: JSON has no enums.
type Texts<T> = T extends string
  ? `${T}`
  : T extends number | boolean | null | undefined
    ? T
    : T extends (infer U)[]
      ? Texts<U>[]
      : T extends object
        ? { [K in keyof T]: Texts<T[K]> }
        : T;

type Source = { type: 'grafana-clickhouse-datasource'; uid: '${datasource}' };
// A query of grafana-clickhouse-datasource 4.x: format 0 is a time series, 1 a table.
type Query = { refId: string; datasource: Source; editorType: 'sql'; rawSql: string } & (
  | { format: 0; queryType: 'timeseries' }
  | { format: 1; queryType: 'table' }
);
type Fields<Custom> = {
  defaults: Omit<Texts<NonNullable<Panel['fieldConfig']>['defaults']>, 'custom'> & { custom?: Partial<Texts<Custom>> };
  overrides: NonNullable<Panel['fieldConfig']>['overrides'];
};
type Of<Kind, Options, Custom> = Omit<Texts<Panel>, 'type' | 'options' | 'targets' | 'fieldConfig' | 'datasource'> & {
  type: Kind;
  options: Partial<Texts<Options>>;
  fieldConfig: Fields<Custom>;
};
type Asking = { datasource: Source; targets: Query[] };
type OurPanel =
  | (Of<'timeseries', TimeOptions, GraphFieldConfig> & Asking)
  | (Of<'table', TableOptions, TableFieldOptions> & Asking)
  | (Of<'stat', StatOptions, object> & Asking)
  | Of<'text', TextOptions, object>;
type Mark = Omit<AnnotationQuery, 'target' | 'datasource'> & {
  datasource: Source;
  target: Query & NonNullable<AnnotationQuery['target']>;
};
type Ours = Omit<Texts<Dashboard>, 'panels' | 'annotations' | 'templating'> & {
  panels: OurPanel[];
  annotations: { list: Mark[] };
  templating: { list: Texts<VariableModel>[] };
};

const source: Source = { type: 'grafana-clickhouse-datasource', uid: '${datasource}' };
// @ts-expect-error there is no third format
export const wrongFormat: Query = { refId: 'A', datasource: source, editorType: 'sql', queryType: 'table', format: 2, rawSql: '' };
// @ts-expect-error a panel says where it stands with numbers
export const wrongPlace: OurPanel = { type: 'text', options: {}, fieldConfig: { defaults: {}, overrides: [] }, gridPos: { x: '0', y: 0, w: 1, h: 1 } };
// @ts-expect-error a style that there is not
export const wrongStyle: OurPanel = { type: 'timeseries', options: {}, datasource: source, targets: [], fieldConfig: { defaults: { custom: { drawStyle: 'pie' } }, overrides: [] } };
