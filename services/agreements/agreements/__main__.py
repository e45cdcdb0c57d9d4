"""`python -m agreements api | worker | all`."""

from agreements.app import service
from agreements.settings import AgreementsSettings
from chassis.run import main

if __name__ == "__main__":
    main(service, AgreementsSettings)
