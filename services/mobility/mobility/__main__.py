"""`python -m mobility api | worker | all`."""

from chassis.run import main
from mobility.app import service
from mobility.settings import MobilitySettings

if __name__ == "__main__":
    main(service, MobilitySettings)
