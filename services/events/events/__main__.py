"""`python -m events api | worker | all`."""

from chassis.run import main
from events.app import service
from events.settings import EventsSettings

if __name__ == "__main__":
    main(service, EventsSettings)
