"""Asks Tidegate with the types and codecs of MLServer, and prints the answer as JSON."""
import json
import sys

import pandas as pd
import requests
from mlserver.codecs import NumpyCodec, PandasCodec
from mlserver.types import InferenceResponse, MetadataModelResponse, MetadataServerResponse

url, key = sys.argv[1:3]
headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
frame = pd.DataFrame({"hours": [1.5, 2.0], "tickets": [1, 2], "plan": ["plus", "basic"], "paid": [True, False]})
results = {}
for name, dropped in [("nulls", False), ("no_nulls", True)]:
    body = PandasCodec.encode_request(frame, use_bytes=False).model_dump_json(exclude_none=dropped)
    response = requests.post(f"{url}/v2/models/churn/infer", data=body, headers=headers, timeout=30)
    parsed = InferenceResponse.model_validate_json(response.text)
    results[name] = NumpyCodec.decode_output(parsed.outputs[0]).ravel().tolist()
metadata = requests.get(f"{url}/v2/models/churn", headers=headers, timeout=30).text
results["inputs"] = [tensor.name for tensor in MetadataModelResponse.model_validate_json(metadata).inputs]
server = requests.get(f"{url}/v2", headers=headers, timeout=30).text
results["server"] = MetadataServerResponse.model_validate_json(server).name
print(json.dumps(results))
