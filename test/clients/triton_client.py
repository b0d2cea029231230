"""Asks Tidegate with tritonclient[http], and prints what it returns as JSON."""
import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

url, key = sys.argv[1:3]
headers = {"authorization": f"Bearer {key}"}
client = http.InferenceServerClient(url.removeprefix("http://"))


def tensor(name, values, datatype, binary):
    made = http.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def inputs(binary=True, shape=(2,)):
    return [
        tensor("hours", np.array([1.5, 2.0], dtype=np.float32).reshape(shape), "FP32", binary),
        tensor("tickets", np.array([1, 2], dtype=np.int64).reshape(shape), "INT64", binary),
        tensor("plan", np.array(["plus", "basic"], dtype=object).reshape(shape), "BYTES", binary),
        tensor("paid", np.array([True, False]).reshape(shape), "BOOL", binary),
    ]


results = {
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "model_ready": client.is_model_ready("churn", headers=headers),
    "unknown_ready": client.is_model_ready("nobody", headers=headers),
    "extensions": client.get_server_metadata(headers=headers)["extensions"],
    "inputs": [each["name"] for each in client.get_model_metadata("churn", headers=headers)["inputs"]],
}


def infer(name, **options):
    answer = client.infer("churn", headers=dict(headers), **options)
    results[name] = answer.as_numpy("probability").tolist()
    return answer


answer = infer("binary", inputs=inputs(), request_id="id-1")
results["id"] = answer.get_response()["id"]
results["label"] = answer.as_numpy("label").tolist()
infer("json", inputs=inputs(False), outputs=[http.InferRequestedOutput("probability", binary_data=False)])
infer("column", inputs=inputs(shape=(2, 1)))
infer("gzip", inputs=inputs(), request_compression_algorithm="gzip", response_compression_algorithm="gzip")
infer("deflate", inputs=inputs(), request_compression_algorithm="deflate")
infer("version", inputs=inputs(), model_version="1")
infer("entity", inputs=[tensor("user_id", np.array(["7"], dtype=object), "BYTES", True)])
infer("missing", inputs=[tensor("hours", np.array([np.nan, 1.5]), "FP64", False), *inputs()[1:]])
only = client.infer(
    "churn", inputs(), headers=dict(headers), outputs=[http.InferRequestedOutput("label", binary_data=True)]
)
results["only"] = [output["name"] for output in only.get_response()["outputs"]]
pending = client.async_infer("churn", inputs(), headers=dict(headers))
results["async"] = pending.get_result().as_numpy("probability").tolist()
try:
    client.infer("churn", inputs()[1:], headers=dict(headers))
except InferenceServerException as error:
    results["refused"] = [error.status(), error.message()]
print(json.dumps(results))
