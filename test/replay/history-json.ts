// Reads and writes histories in the JSON format of Temporal's tools.
import { createRequire } from 'node:module';
import { type History } from '@temporalio/common/lib/proto-utils.js';

/** The part of protobufjs that converts messages of a type. */
interface ProtoJson {
  readonly fromJson: (type: unknown, json: unknown, options: { ignoreUnknownFields: boolean }) => History;
  readonly toJson: (type: unknown, message: unknown) => unknown;
}

interface HistoryType {
  readonly fromObject: (history: History) => unknown;
}

/*
 * `historyToJSON` and `historyFromJSON` of the SDK do the same, but fail ("type must be a Type") if npm installed
 * protobufjs once for each package of the SDK. This loads the converter from the same place as the types, so that it knows them.
 */
const besideCommon = createRequire(createRequire(import.meta.url).resolve('@temporalio/common'));
const besideProto = createRequire(besideCommon.resolve('@temporalio/proto'));
const { fromJson, toJson } = besideProto('protobufjs/ext/protojson') as ProtoJson;
const { patchProtobufRoot } = besideCommon('@temporalio/proto/lib/patch-protobuf-root') as {
  readonly patchProtobufRoot: (root: unknown) => { lookupType(name: string): HistoryType };
};
const historyType = patchProtobufRoot(besideCommon('@temporalio/proto')).lookupType(
  'temporal.api.history.v1.History',
);

/** Converts a history to JSON values, without stack traces, because they contain machine paths and replay does not read them. */
export const historyToJson = (history: History): unknown =>
  JSON.parse(JSON.stringify(toJson(historyType, historyType.fromObject(history))), (key, value: unknown) =>
    key === 'stackTrace' ? undefined : value,
  );

/** Reads such JSON; drops fields that this SDK does not know. @throws Error if it is not a history */
export const historyFromJson = (json: unknown): History =>
  fromJson(historyType, json, { ignoreUnknownFields: true });
