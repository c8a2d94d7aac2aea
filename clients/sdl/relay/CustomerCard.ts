import { graphql } from "react-relay";

// Relay refetches a fragment on anything that has a global id through Query.node.
export const card = graphql`
  fragment CustomerCard_customer on Customer
  @argumentDefinitions(count: { type: "Int", defaultValue: 10 }, after: { type: "String" })
  @refetchable(queryName: "CustomerCardEventsQuery") {
    attributes
    identities {
      id
      type
      value
    }
    tags {
      tag {
        key
        kind
      }
      value
    }
    events(first: $count, after: $after) @connection(key: "CustomerCard_events") {
      edges {
        node {
          id
          name
          occurredAt
          amount
        }
      }
    }
  }
`;

export const segment = graphql`
  query CustomerCardSegmentQuery($id: ID!) {
    node(id: $id) {
      __typename
      ... on Segment {
        name
        memberCount
        members(first: 5) {
          edges {
            node {
              id
            }
          }
        }
      }
      ... on Customer {
        ...CustomerCard_customer @alias(as: "card")
      }
    }
  }
`;

export const tag = graphql`
  mutation CustomerCardTagMutation($customer: ID!, $key: String!, $value: JSON!) {
    tagCustomer(customer: $customer, key: $key, value: $value) {
      customer {
        id
        tags {
          value
        }
      }
      userErrors {
        code
        message
        field
      }
    }
  }
`;

export const merged = graphql`
  subscription CustomerCardMergedSubscription {
    customerMerged {
      id
      mergedId
      survivor {
        ...CustomerCard_customer
      }
    }
  }
`;
