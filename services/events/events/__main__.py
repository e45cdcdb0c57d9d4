"""`python -m events api | worker | all`."""

from chassis.starting import begin

if __name__ == "__main__":
    begin()
    from chassis.run import main
    from events.app import service
    from events.settings import EventsSettings

    main(service, EventsSettings)
