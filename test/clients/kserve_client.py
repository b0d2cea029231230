"""Asks Tidegate with the InferenceRESTClient of kserve, and prints what it returns as JSON."""
import asyncio
import json
import sys

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

url, key = sys.argv[1:3]
headers = {"authorization": f"Bearer {key}"}


def request(binary):
    tensors = []
    for name, values, datatype in [
        ("hours", np.array([1.5, 2.0]), "FP64"),
        ("tickets", np.array([1, 2], dtype=np.int64), "INT64"),
        ("plan", np.array(["plus", "basic"], dtype=object), "BYTES"),
        ("paid", np.array([True, False]), "BOOL"),
    ]:
        tensor = InferInput(name, [2], datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        tensors.append(tensor)
    return InferRequest(model_name="churn", infer_inputs=tensors, request_id="id-1")


async def main():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    results = {
        "live": await client.is_server_live(url, headers=headers),
        "ready": await client.is_server_ready(url, headers=headers),
        "model_ready": await client.is_model_ready(url, "churn", headers=headers),
    }
    for name, binary in [("json", False), ("binary", True)]:
        answer = await client.infer(url, request(binary), model_name="churn", headers=dict(headers))
        probability = next(output for output in answer.outputs if output.name == "probability")
        results[name] = list(probability.data)
        results["id"] = answer.id
    try:
        await client.infer(url, request(False), model_name="nobody", headers=dict(headers))
    except Exception as error:
        results["unknown"] = str(error)
    print(json.dumps(results))


asyncio.run(main())
