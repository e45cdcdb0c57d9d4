"""`python -m events api | worker | all`."""

if __name__ == "__main__":
    import chassis.starting  # noqa: F401 first of all
    from chassis.run import main
    from events.app import service
    from events.settings import EventsSettings

    main(service, EventsSettings)
