"""The workbench as a Space and on your own machine: `python app.py`."""

from workbench.build import build, launch
from workbench.service import Service
from workbench.settings import Settings

service = Service(Settings.from_environment())
demo = build(service)

if __name__ == "__main__":
    launch(service=service, page=demo)
