"""`python -m mobility api | worker | all`."""

import gc

if __name__ == "__main__":
    gc.disable()  # until it has started: chassis.run.Settled
    from chassis.run import main
    from mobility.app import service
    from mobility.settings import MobilitySettings

    main(service, MobilitySettings)
