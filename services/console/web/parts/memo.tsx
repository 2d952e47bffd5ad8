import { Component, type ComponentChild, type ComponentType } from 'preact';

/** A component that is drawn again only when one of its properties is another thing: most of a long list has not changed. */
export function memo<Props extends object>(draw: (props: Props) => ComponentChild): ComponentType<Props> {
  // Preact offers this only as a method of its class components.
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return Object.entries(next).some(
        ([name, value]) => !Object.is(value, this.props[name as keyof typeof this.props]),
      );
    }

    override render(props: Props): ComponentChild {
      return draw(props);
    }
  };
}
