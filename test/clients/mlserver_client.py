"""Asks Tidegate with the types and codecs of MLServer, and prints the answer as JSON."""
import json
import sys

import numpy as np
import requests
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import (
    InferenceRequest,
    InferenceResponse,
    MetadataModelResponse,
    MetadataServerResponse,
)

url, key = sys.argv[1:3]
headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
request = InferenceRequest(
    id="id-1",
    inputs=[
        NumpyCodec.encode_input("hours", np.array([1.5, 2.0])),
        NumpyCodec.encode_input("tickets", np.array([1, 2], dtype=np.int64)),
        StringCodec.encode_input("plan", ["plus", "basic"], use_bytes=False),
        NumpyCodec.encode_input("paid", np.array([True, False])),
    ],
)
results = {}
for name, dropped in [("nulls", False), ("no_nulls", True)]:
    body = request.model_dump_json(exclude_none=dropped)
    response = requests.post(f"{url}/v2/models/churn/infer", data=body, headers=headers, timeout=30)
    parsed = InferenceResponse.model_validate_json(response.text)
    results[name] = NumpyCodec.decode_output(parsed.outputs[0]).ravel().tolist()
metadata = requests.get(f"{url}/v2/models/churn", headers=headers, timeout=30).text
results["inputs"] = [tensor.name for tensor in MetadataModelResponse.model_validate_json(metadata).inputs]
server = requests.get(f"{url}/v2", headers=headers, timeout=30).text
results["server"] = MetadataServerResponse.model_validate_json(server).name
print(json.dumps(results))
