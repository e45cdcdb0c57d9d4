"""`python -m partners api | worker | all`."""

import gc

if __name__ == "__main__":
    gc.disable()  # until it has started: chassis.run.Settled
    from chassis.run import main
    from partners.app import service
    from partners.settings import PartnersSettings

    main(service, PartnersSettings)
