"""`python -m agreements api | worker | all`."""

import gc

if __name__ == "__main__":
    gc.disable()  # until it has started: chassis.run.Settled
    from agreements.app import service
    from agreements.settings import AgreementsSettings
    from chassis.run import main

    main(service, AgreementsSettings)
