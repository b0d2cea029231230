"""The trees worker: fits gradient-boosted trees on frozen datasets and stores them as models in ONNX."""
