"""The service: FastAPI on uvicorn, one process, predictions in worker threads."""
