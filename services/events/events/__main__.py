"""`python -m events api | worker | all`."""

import gc

if __name__ == "__main__":
    gc.disable()  # until it has started: chassis.run.Settled
    from chassis.run import main
    from events.app import service
    from events.settings import EventsSettings

    main(service, EventsSettings)
