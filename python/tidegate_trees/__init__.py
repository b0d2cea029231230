"""The trees worker: fits gradient-boosted trees to frozen datasets and stores them as ONNX models."""
