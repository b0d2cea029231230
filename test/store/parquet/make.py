"""Writes the Parquet files that the import tests read, with pyarrow: one a compression, the same rows in each."""
import datetime as dt
import decimal
import sys

import pyarrow as pa
import pyarrow.parquet as pq

utc = dt.timezone.utc
table = pa.table({
    'k': pa.array(['a', 'b', 'c'], pa.string()),
    'small': pa.array([1, None, -32768], pa.int16()),
    'whole': pa.array([2147483647, None, -1], pa.int32()),
    'big': pa.array([9223372036854775807, None, -9007199254740993], pa.int64()),
    'unsigned': pa.array([4294967295, None, 0], pa.uint32()),
    'exact': pa.array([decimal.Decimal('12345678901234567890.123456789'), None, decimal.Decimal('-0.000000001')], pa.decimal128(38, 9)),
    'half': pa.array([0.1, None, -0.0], pa.float32()),
    'double': pa.array([0.1, None, 1e300], pa.float64()),
    'flag': pa.array([True, None, False], pa.bool_()),
    'words': pa.array(['🦉 "x", ;\n__proto__', None, ''], pa.string()),
    'day': pa.array([dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)], pa.date32()),
    'at': pa.array([dt.datetime(2024, 2, 29, 23, 59, 59, 999999, utc), None, dt.datetime(1969, 12, 31, 23, 59, 59, 1, utc)], pa.timestamp('us', 'UTC')),
    'plain': pa.array([dt.datetime(2024, 2, 29, 6, 0, 0), None, dt.datetime(1, 1, 1)], pa.timestamp('us')),
    'category': pa.array(['x', None, 'x']).dictionary_encode(),
    'raw': pa.array([b'\x00\xff', None, b''], pa.binary()),
})
for codec in ['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4']:
    version = '1.0' if codec in ('none', 'gzip') else '2.0'
    pq.write_table(table, f'{sys.argv[1]}/{codec}.parquet', compression=codec, data_page_version=version, row_group_size=2, store_schema=False)
nested = pa.table({'k': ['a'], 'list': pa.array([[1, 2]]), 'struct': pa.array([{'x': 1}])})
pq.write_table(nested, f'{sys.argv[1]}/nested.parquet', store_schema=False)
