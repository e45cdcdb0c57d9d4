"""`python -m mobility api | worker | all`."""

from chassis.starting import begin

if __name__ == "__main__":
    begin()
    from chassis.run import main
    from mobility.app import service
    from mobility.settings import MobilitySettings

    main(service, MobilitySettings)
