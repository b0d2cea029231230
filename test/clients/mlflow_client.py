"""Asks Tidegate with the scoring client and the deployments client of mlflow, and prints what they return as JSON."""
import json
import os
import sys
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import requests
from mlflow.deployments import get_deploy_client
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

open_url, url, key = sys.argv[1:4]
frame = pd.DataFrame(
    {
        "hours": [1.5, float("nan")],
        "tickets": np.array([1, 2], dtype="int64"),
        "plan": ["plus", None],
        "paid": [True, False],
        "not_a_column": ["x", "y"],
    }
)
results = {}

# This client sends no key, so it needs a server that does not ask for one.
address = urlparse(open_url)
client = ScoringServerClient(address.hostname, address.port)
client.wait_server_ready(timeout=10)
answer = client.invoke(frame)
results["scoring"] = answer.get_predictions()["probability"].tolist()
results["labels"] = answer.get_predictions()["label"].tolist()
results["version"] = client.get_version()
try:
    client.invoke(frame.drop(columns="hours"))
except Exception as error:
    results["refused"] = str(error)

# The deployments client sends this token as a bearer token.
os.environ["MLFLOW_TRACKING_TOKEN"] = key
deployments = get_deploy_client(url)
records = {"dataframe_records": [{"hours": 1.5, "tickets": 1, "plan": "plus", "paid": True}]}
results["deployments"] = [p["probability"] for p in deployments.predict(endpoint="churn", inputs=records)["predictions"]]
try:
    deployments.predict(endpoint="nobody", inputs=records)
except Exception as error:
    results["unknown"] = str(error)

headers = {"authorization": f"Bearer {key}"}
for name, body, kind in [
    ("csv", frame.to_csv(index=False).encode(), "text/csv"),
    ("parquet", frame.to_parquet(), "application/vnd.apache.parquet"),
]:
    response = requests.post(
        f"{url}/models/churn/invocations", data=body, headers={**headers, "content-type": kind}, timeout=30
    )
    results[name] = [p["probability"] for p in response.json().get("predictions", [])] or response.text
print(json.dumps(results))
